/**
 * `multipart/form-data` with `photo` (one to ten files), `caption`, and one `altText` per photo. Parts come in any order
 * and a post needs its caption and the number of its photos first: so files are spooled to disk, never held in memory,
 * and removed when the request is over.
 */
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import busboy from 'busboy';
import type { Clock } from '../../clock.ts';
import { Problem } from '../../errors.ts';
import type { Limits } from '../../limits.ts';
import type { HttpRequest } from './exchange.ts';
import { boundedBody } from './request-body.ts';

export interface PhotoForm {
  readonly caption: string;
  readonly photos: readonly { readonly path: string; readonly contentType: string; readonly altText: string }[];
}

export interface FormSource {
  readonly request: HttpRequest;
  readonly spoolDir: string;
  readonly clock: Clock;
  readonly limits: Limits;
}

interface SpooledFile {
  readonly path: string;
  readonly contentType: string;
}

/** Boundaries, part headers and the text fields of a form. */
const OVERHEAD_BYTES = 64 * 1024;
const BYTES_PER_CHARACTER_MAX = 4;

/** Reads the whole form, runs `use` with it, and removes its files. Rejects `invalid-request`, `payload-too-large`, `timeout`. */
export async function withPhotoForm<Result>(
  source: FormSource,
  use: (form: PhotoForm) => Promise<Result>,
): Promise<Result> {
  const contentType = source.request.headers.get('content-type') ?? '';
  if (!/^multipart\/form-data\b/i.test(contentType)) {
    throw new Problem('invalid-request', {
      detail: 'Send multipart/form-data with a file `photo`, or JSON to /v1/posts.',
    });
  }
  const folder = await mkdtemp(join(source.spoolDir, 'form-'));
  try {
    return await use(await readForm(source, contentType, folder));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function createParser(contentType: string, limits: Limits): busboy.Busboy {
  try {
    return busboy({
      headers: { 'content-type': contentType },
      limits: {
        files: limits.photosPerPostMax,
        fileSize: limits.photoBytesMax + 1,
        fields: limits.photosPerPostMax + 10,
        fieldSize: limits.captionCharactersMax * BYTES_PER_CHARACTER_MAX,
        parts: 2 * limits.photosPerPostMax + 10,
      },
    });
  } catch (cause) {
    throw new Problem('invalid-request', { detail: 'The form has no boundary.', cause });
  }
}

async function readForm(source: FormSource, contentType: string, folder: string): Promise<PhotoForm> {
  const { limits, clock, request } = source;
  const parser = createParser(contentType, limits);
  const texts = new Map<string, string[]>();
  const files: Promise<SpooledFile>[] = [];
  const refuse = (problem: Problem) => parser.destroy(problem);
  parser.on('field', (name, value, info) => {
    if (info.valueTruncated) refuse(new Problem('invalid-request', { detail: `\`${name}\` is too long.` }));
    else texts.set(name, [...(texts.get(name) ?? []), value]);
  });
  parser.on('file', (name, stream, info) => {
    if (name !== 'photo') {
      stream.resume();
      return;
    }
    const path = join(folder, String(files.length));
    const spooled = spool(stream, path, limits).then(() => ({ path, contentType: info.mimeType }));
    // Looked at below, after the form has been read; until then a failure must not count as unhandled.
    spooled.catch((error: unknown) => refuse(error as Problem));
    files.push(spooled);
  });
  const tooMany = (what: string) => () => refuse(new Problem('invalid-request', { detail: `Too many ${what}.` }));
  parser.on('filesLimit', tooMany('photos'));
  parser.on('fieldsLimit', tooMany('fields'));
  parser.on('partsLimit', tooMany('parts'));
  const bytesMax = limits.photosPerPostMax * limits.photoBytesMax + OVERHEAD_BYTES;
  const body = boundedBody(request, { clock, bytesMax, timeoutMs: limits.uploadTimeoutMs });
  try {
    await pipeline(Readable.from(kept(body)), parser);
  } catch (error) {
    await Promise.allSettled(files);
    throw error instanceof Problem ? error : malformed(error);
  }
  return assemble(await Promise.all(files), texts);
}

/** The parser reads ahead, and hands parts of what it was given to the files. */
async function* kept(body: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const piece of body) yield Buffer.from(piece);
}

async function spool(stream: Readable & { truncated?: boolean }, path: string, limits: Limits): Promise<void> {
  await pipeline(stream, createWriteStream(path));
  if (stream.truncated === true) {
    throw new Problem('payload-too-large', { detail: `A photo has at most ${limits.photoBytesMax} bytes.` });
  }
}

function assemble(files: readonly SpooledFile[], texts: ReadonlyMap<string, readonly string[]>): PhotoForm {
  if (files.length === 0) {
    throw new Problem('invalid-request', { fields: [{ field: 'photo', reason: 'one file at least' }] });
  }
  const altTexts = texts.get('altText') ?? [];
  return {
    caption: texts.get('caption')?.[0] ?? '',
    photos: files.map((file, index) => ({ ...file, altText: altTexts[index] ?? '' })),
  };
}

function malformed(cause: unknown): Problem {
  return new Problem('invalid-request', { detail: 'The form is malformed or was broken off.', cause });
}
