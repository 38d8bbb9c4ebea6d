/** Pictures: `GET /media/{key}` from the blob store, with ranges. Only what is permanent and meant to be seen. */
import type { BlobContent, BlobInfo, BlobRange, BlobStore } from '../../storage/blob-store.ts';
import { Problem } from '../../errors.ts';
import { matchesTag, readRange, weakTag } from './conditional.ts';
import { emptyResponse, type HttpRequest, type HttpResponse } from './exchange.ts';
import type { Gate } from './gate.ts';
import type { Route } from './route-table.ts';

const KEY_PATTERN = /^[a-z0-9_-][a-z0-9._-]*(?:\/[a-z0-9_-][a-z0-9._-]*)*$/;
const KEY_CHARACTERS_MAX = 200;
/** What uploads brought, with its EXIF and GPS: never served. Renditions have other names. */
const ORIGINAL_PATTERN = /(?:^|\/)original/;
const SERVED_TYPES = /^image\/(?:webp|jpeg|avif)$/;

interface Picture {
  readonly info: BlobInfo;
  readonly body: BlobContent;
}

export interface MediaParts {
  readonly blobs: BlobStore;
  /** Pictures are inside while they are sent: each holds a file and a block of memory, however slowly its client reads. */
  readonly gate: Gate;
}

export function mediaRoutes(parts: MediaParts): Route[] {
  return [{ method: 'GET', path: '/media/*', handle: (request, { rest = '' }) => getMedia(parts, request, rest) }];
}

async function getMedia(parts: MediaParts, request: HttpRequest, key: string): Promise<HttpResponse> {
  if (key.length > KEY_CHARACTERS_MAX || !KEY_PATTERN.test(key) || ORIGINAL_PATTERN.test(key)) {
    throw new Problem('not-found');
  }
  return (await onCondition(parts, key, request.headers)) ?? whole(parts, key);
}

async function whole(parts: MediaParts, key: string): Promise<HttpResponse> {
  const { info, body } = await open(parts, key);
  if (isServed(info)) return { status: 200, headers: headersOf(info), body: { stream: body, bytes: info.bytes } };
  body.destroy();
  throw new Problem('not-found');
}

/** For who has the picture already or wants a part: what it is decides whether it is read. Null: they get the whole. */
async function onCondition(
  parts: MediaParts,
  key: string,
  asked: HttpRequest['headers'],
): Promise<HttpResponse | null> {
  if (!asked.has('range') && !asked.has('if-none-match')) return null;
  const info = await parts.blobs.stat(key);
  if (info === null || !isServed(info)) throw new Problem('not-found');
  const headers = headersOf(info);
  if (matchesTag(asked.get('if-none-match'), headers['ETag'] ?? '')) return emptyResponse(304, headers);
  const range = readRange(asked.get('range'), info.bytes);
  if (range === null) return null;
  if (range === 'unsatisfiable') {
    return emptyResponse(416, { ...headers, 'Content-Range': `bytes */${info.bytes}` });
  }
  const { body } = await open(parts, key, range);
  return {
    status: 206,
    headers: { ...headers, 'Content-Range': `bytes ${range.start}-${range.end}/${info.bytes}` },
    body: { stream: body, bytes: range.end - range.start + 1 },
  };
}

/** Rejects `not-found`, and `overloaded` when as many are being sent as may. */
async function open({ blobs, gate }: MediaParts, key: string, range?: BlobRange): Promise<Picture> {
  const leave = gate.enter();
  try {
    const opened = await blobs.read(key, range);
    if (opened === null) throw new Problem('not-found');
    const { info, body } = opened;
    return {
      info,
      body: {
        [Symbol.asyncIterator]: () => body[Symbol.asyncIterator](),
        destroy: () => {
          body.destroy();
          leave();
        },
      },
    };
  } catch (error) {
    leave();
    throw error;
  }
}

function isServed({ state, contentType }: BlobInfo): boolean {
  return state === 'permanent' && SERVED_TYPES.test(contentType);
}

/** A key never gets other bytes, so key and length name the content. */
function headersOf(info: BlobInfo): Readonly<Record<string, string>> {
  return {
    'Content-Type': info.contentType,
    ETag: weakTag(`${info.key} ${info.bytes}`),
    'Cache-Control': 'public, max-age=86400',
    'Accept-Ranges': 'bytes',
    'Content-Security-Policy': "default-src 'none'; sandbox",
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'Content-Disposition': 'inline',
  };
}
