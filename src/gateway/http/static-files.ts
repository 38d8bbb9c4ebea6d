/**
 * The web page: its built files, read once into memory, compressed once. Paths that are no file and look like a page of
 * the application get `index.html`, so that links into it work.
 */
import { readdir, readFile } from 'node:fs/promises';
import { extname, join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, gzip } from 'node:zlib';
import { invariant, Problem } from '../../errors.ts';
import type { Limits } from '../../limits.ts';
import { matchesTag, weakTag } from './conditional.ts';
import { emptyResponse, type HttpRequest, type HttpResponse } from './exchange.ts';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.webp': 'image/webp',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};
const COMPRESSED_TYPES = /^(?:text\/|application\/|image\/svg)/;
/** Bundlers put a hash of the content into the name: such a file never changes. */
const HASHED_NAME = /[.-][A-Za-z0-9_]{8,}\.\w+$/;

interface StaticFile {
  readonly contentType: string;
  readonly etag: string;
  readonly immutable: boolean;
  readonly encodings: Readonly<Record<'identity' | 'gzip' | 'br', Buffer | null>>;
}

export class StaticFiles {
  private readonly files: ReadonlyMap<string, StaticFile>;
  private readonly pageHeaders: Readonly<Record<string, string>>;

  private constructor(files: ReadonlyMap<string, StaticFile>, pageHeaders: Readonly<Record<string, string>>) {
    this.files = files;
    this.pageHeaders = pageHeaders;
  }

  /** `root` null: there is no page. `imageOrigins`: where pictures may come from beside this server. */
  static async open(root: string | null, limits: Limits, imageOrigins: readonly string[]): Promise<StaticFiles> {
    const files = new Map<string, StaticFile>();
    let bytes = 0;
    const entries = root === null ? [] : await readdir(root, { recursive: true, withFileTypes: true });
    for (const entry of entries) {
      const contentType = CONTENT_TYPES[extname(entry.name)];
      if (!entry.isFile() || contentType === undefined) continue;
      const path = join(entry.parentPath, entry.name);
      const content = await readFile(path);
      bytes += content.length;
      invariant(files.size < limits.webFilesMax && bytes <= limits.webBytesMax, 'the web page is too large to serve');
      const name = `/${relative(root ?? '', path)
        .split(sep)
        .join('/')}`;
      files.set(name, await prepare(name, contentType, content));
    }
    return new StaticFiles(files, pageHeaders(imageOrigins));
  }

  /** Answers GET of a file or of a page; rejects `not-found`. */
  serve(request: HttpRequest): HttpResponse {
    const file = this.files.get(request.path) ?? this.page(request);
    if (file === undefined) throw new Problem('not-found', { detail: 'There is nothing at this path.' });
    const isPage = file.contentType.startsWith('text/html');
    const [encoding, body] = negotiate(file, request.headers.get('accept-encoding') ?? '');
    const headers = {
      'Content-Type': file.contentType,
      ETag: file.etag,
      'Cache-Control': file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache',
      ...(encoding === 'identity' ? {} : { 'Content-Encoding': encoding }),
      ...(isPage ? this.pageHeaders : {}),
      Vary: 'Accept-Encoding, Origin',
    };
    if (matchesTag(request.headers.get('if-none-match'), file.etag)) return emptyResponse(304, headers);
    return { status: 200, headers, body };
  }

  private page(request: HttpRequest): StaticFile | undefined {
    // User names may hold dots, so an extension alone does not make a path a file.
    const asksForPage =
      extname(request.path) === '' || (request.headers.get('accept') ?? '').split(',').includes('text/html');
    const looksLikePage = asksForPage && !request.path.startsWith('/v1/') && !request.path.startsWith('/media/');
    return looksLikePage ? this.files.get('/index.html') : undefined;
  }
}

async function prepare(name: string, contentType: string, content: Buffer): Promise<StaticFile> {
  const compress = COMPRESSED_TYPES.test(contentType) && content.length > 512;
  return {
    contentType,
    etag: weakTag(content),
    immutable: HASHED_NAME.test(name) && !contentType.startsWith('text/html'),
    encodings: {
      identity: content,
      gzip: compress ? await promisify(gzip)(content) : null,
      br: compress ? await promisify(brotliCompress)(content) : null,
    },
  };
}

function negotiate(file: StaticFile, accepted: string): ['identity' | 'gzip' | 'br', Buffer] {
  for (const encoding of ['br', 'gzip'] as const) {
    const body = file.encodings[encoding];
    if (body !== null && new RegExp(`\\b${encoding}\\b(?!\\s*;\\s*q=0(?:[,\\s]|$))`).test(accepted))
      return [encoding, body];
  }
  return ['identity', file.encodings.identity ?? Buffer.alloc(0)];
}

/** No inline script or style, no foreign origin beside pictures, no frames. */
function pageHeaders(imageOrigins: readonly string[]): Readonly<Record<string, string>> {
  const policy = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src ${["'self'", 'data:', 'blob:', ...imageOrigins].join(' ')}`,
    "font-src 'self'",
    `connect-src ${["'self'", ...imageOrigins].join(' ')}`,
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ];
  return {
    'Content-Security-Policy': policy.join('; '),
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Permissions-Policy': 'camera=(self), geolocation=(), microphone=()',
  };
}
