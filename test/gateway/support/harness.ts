/** A gateway on a free port over small fakes of its ports. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { z } from 'zod';
import type { LiveTopics } from '../../../src/actors/services.ts';
import { systemClock } from '../../../src/clock.ts';
import { Problem } from '../../../src/errors.ts';
import type { Authenticator } from '../../../src/gateway/auth/accounts.ts';
import { Gateway, type GatewayDependencies } from '../../../src/gateway/gateway.ts';
import { defineOperation, type Operation } from '../../../src/gateway/operation.ts';
import type { RateLimiter } from '../../../src/gateway/rate-limit.ts';
import type { Services } from '../../../src/gateway/services.ts';
import type { MediaId, PostId, SessionId, UserId } from '../../../src/ids.ts';
import { type Limits, limits } from '../../../src/limits.ts';
import { silentLogger } from '../../../src/log.ts';
import type { UploadTarget } from '../../../src/media/uploads.ts';
import { createMetrics } from '../../../src/metrics.ts';
import type { BlobInfo, BlobStore } from '../../../src/storage/blob-store.ts';
import { FakeSessions } from './fake-sessions.ts';

export const POST_ID = '0123456789abc' as PostId;
export const HIDDEN_POST_ID = '0123456789abd' as PostId;

export class FakeAuthenticator implements Authenticator {
  readonly listeners = new Set<(sessionId: SessionId) => void>();
  issued = 0;
  fresh = true;
  /** Sessions that the store was asked about. */
  readonly confirmed: string[] = [];
  /** Revoked in the store, not yet heard of here. */
  readonly unheard = new Set<string>();
  /** The store cannot be asked. */
  storeAway = false;

  async confirm(sessionId: SessionId): Promise<void> {
    this.confirmed.push(sessionId);
    await Promise.resolve();
    if (this.storeAway) throw new Problem('unavailable');
    if (sessionId === 'revoked' || this.unheard.has(sessionId)) throw new Problem('session-revoked');
  }

  accessToken(token: string) {
    const match = /^token-(\w+)-(\w+)$/.exec(token);
    if (match === null) throw new Problem('unauthenticated');
    if (match[2] === 'revoked') throw new Problem('session-revoked');
    return { userId: match[1] as UserId, sessionId: match[2] as SessionId, expiresAtMs: Number.MAX_SAFE_INTEGER };
  }

  ticket(ticket: string) {
    const match = /^ticket-(\w+)-(\w+)-(\w+)$/.exec(ticket);
    if (match === null) throw new Problem('unauthenticated');
    const [, userId = '', sessionId = '', device = ''] = match;
    return {
      userId: userId as UserId,
      sessionId: sessionId as SessionId,
      device,
      expiresAtMs: Number.MAX_SAFE_INTEGER,
    };
  }

  issueTicket(userId: UserId, sessionId: SessionId, device: string): string {
    this.issued++;
    return `ticket-${userId}-${sessionId}-${device}`;
  }

  onRevoked(listener: (sessionId: SessionId) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  revoke(sessionId: string): void {
    for (const listener of this.listeners) listener(sessionId as SessionId);
  }
}

export class FakeTopics implements LiveTopics {
  readonly subscribers = new Map<string, Set<(type: string, data: unknown) => void>>();

  publish(topic: string, type: string, data: unknown): void {
    for (const receive of this.subscribers.get(topic) ?? []) receive(type, data);
  }

  subscribe(topic: string, receive: (type: string, data: unknown) => void): () => void {
    const receivers = this.subscribers.get(topic) ?? new Set();
    this.subscribers.set(topic, receivers.add(receive));
    return () => {
      receivers.delete(receive);
      if (receivers.size === 0) this.subscribers.delete(topic);
    };
  }
}

export class FakeLimiter implements RateLimiter {
  readonly taken: string[] = [];
  remaining = 1000;

  take(key: string, rate: string) {
    this.taken.push(`${rate} ${key}`);
    const allowed = this.remaining > 0;
    if (allowed) this.remaining--;
    return { allowed, limit: 1000, remaining: this.remaining, resetMs: 2500 };
  }
}

/** What arrived for each medium, whole uploads only. */
export class FakeUploads {
  readonly kept = new Map<string, Buffer>();
  readonly completed: string[] = [];
  brokenOff = 0;

  plan(): never {
    throw new Error('not planned here');
  }

  verify(mediaId: string, query: string): UploadTarget {
    if (query !== 'signature=good') throw new Problem('forbidden');
    return { mediaId: mediaId as MediaId, ownerId: 'ann' as UserId };
  }

  async receive(target: UploadTarget, source: AsyncIterable<Uint8Array>): Promise<{ bytes: number }> {
    if (this.completed.includes(target.mediaId)) throw new Problem('conflict');
    const chunks: Uint8Array[] = [];
    try {
      for await (const chunk of source) chunks.push(Uint8Array.from(chunk));
    } catch (error) {
      this.brokenOff++;
      throw error;
    }
    const bytes = Buffer.concat(chunks);
    this.kept.set(target.mediaId, bytes);
    return { bytes: bytes.length };
  }

  async complete(target: UploadTarget): Promise<void> {
    if (!this.kept.has(target.mediaId)) throw new Problem('upload-incomplete');
    this.completed.push(target.mediaId);
  }
}

interface FakeBlob {
  readonly info: BlobInfo;
  readonly bytes: Buffer;
}

export interface FakeBlobs extends BlobStore {
  /** Contents that were handed out. */
  readonly handedOut: Readable[];
  put(key: string, bytes: Buffer, info?: Partial<BlobInfo>): void;
}

export function fakeBlobs(): FakeBlobs {
  const blobs = new Map<string, FakeBlob>();
  const handedOut: Readable[] = [];
  const refuse = () => Promise.reject(new Error('not used by the gateway'));
  return {
    handedOut,
    put(key, bytes, info = {}) {
      const whole = {
        key,
        bytes: bytes.length,
        contentType: 'image/jpeg',
        state: 'permanent' as const,
        writtenAtMs: 0,
      };
      blobs.set(key, { bytes, info: { ...whole, ...info } });
    },
    stat: async (key) => blobs.get(key)?.info ?? null,
    read: async (key, range) => {
      const blob = blobs.get(key);
      if (blob === undefined) return null;
      const bytes = range === undefined ? blob.bytes : blob.bytes.subarray(range.start, range.end + 1);
      const pieces = Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, index) =>
        bytes.subarray(index * 65_536, (index + 1) * 65_536),
      );
      const body = Readable.from(pieces, { objectMode: false });
      handedOut.push(body);
      return { info: blob.info, body };
    },
    readInto: refuse,
    writeTemporary: refuse,
    writePermanent: refuse,
    promote: refuse,
    remove: refuse,
    removeAll: refuse,
    list: () => Readable.from([]) as AsyncIterable<BlobInfo>,
    directUpload: async () => null,
    ping: async () => {},
    close: async () => {},
  };
}

export const echo = defineOperation({
  name: 'test.echo',
  summary: 'Answers what it is told.',
  method: 'POST',
  paths: ['/v1/echo'],
  auth: 'user',
  rate: 'write',
  status: 201,
  input: z.object({ text: z.string().max(10), slowMs: z.number().optional() }),
  output: z.object({ text: z.string(), key: z.string().nullable(), user: z.string() }),
  async handle(context, input) {
    if (input.slowMs !== undefined) await new Promise((resolve) => setTimeout(resolve, input.slowMs));
    if (input.text === 'boom') throw new Error('secret internals');
    return { text: input.text, key: context.idempotencyKey, user: context.viewer.userId };
  },
});

export const list = defineOperation({
  name: 'test.list',
  summary: 'A page.',
  method: 'GET',
  paths: ['/v1/items/{owner}'],
  auth: 'anyone',
  rate: 'read',
  status: 200,
  input: z.object({
    owner: z.string(),
    cursor: z.string().optional(),
    limit: z.coerce.number().int().max(100).default(2),
  }),
  output: z.object({ items: z.array(z.string()), nextCursor: z.string().nullable(), address: z.string() }),
  handle: async (context, { owner, limit, cursor }) => ({
    items: Array.from({ length: limit }, (_, index) => `${owner}-${cursor ?? 'start'}-${index}`),
    nextCursor: cursor === undefined ? 'next page' : null,
    address: context.clientAddress,
  }),
});

/** Like signing in: who calls is not asked. */
export const enter = defineOperation({
  name: 'test.enter',
  summary: 'Lets anyone in.',
  method: 'POST',
  paths: ['/v1/enter'],
  auth: 'stranger',
  rate: 'sign-in',
  status: 200,
  input: z.strictObject({ password: z.string() }),
  output: z.object({ stranger: z.boolean() }),
  handle: async ({ viewer }) => ({ stranger: viewer === null }),
});

export interface Harness {
  readonly gateway: Gateway;
  readonly origin: string;
  readonly liveUrl: string;
  readonly sessions: FakeSessions;
  readonly authenticator: FakeAuthenticator;
  readonly topics: FakeTopics;
  readonly limiter: FakeLimiter;
  readonly uploads: FakeUploads;
  readonly blobs: ReturnType<typeof fakeBlobs>;
  readonly spoolDir: string;
  readonly drafts: unknown[];
  /** Post ids that may be seen. */
  readonly visible: Set<string>;
  close(): Promise<void>;
}

export interface HarnessOptions {
  readonly limits?: Partial<Limits>;
  readonly overrides?: Partial<GatewayDependencies>;
  readonly operations?: readonly Operation[];
}

export async function startGateway(options: HarnessOptions = {}): Promise<Harness> {
  const folder = await mkdtemp(join(tmpdir(), 'gateway-test-'));
  const spoolDir = join(folder, 'spool');
  const sessions = new FakeSessions();
  const authenticator = new FakeAuthenticator();
  const topics = new FakeTopics();
  const limiter = new FakeLimiter();
  const uploads = new FakeUploads();
  const blobs = fakeBlobs();
  const visible = new Set<string>([POST_ID]);
  const drafts: unknown[] = [];
  const posts = {
    async read(_viewer: UserId | null, id: PostId) {
      if (!visible.has(id)) throw new Problem('not-found');
      return { id, uploadStatus: 'processing', likeCount: 0, commentCount: 0 };
    },
    async createDraft(authorId: UserId, input: { photos: readonly unknown[] }, { key }: { key: string | null }) {
      drafts.push({ authorId, input, key });
      const slots = input.photos.map((_, index) => ({ mediaId: `medium${index}`, uploadUrl: '', headers: {} }));
      return { post: { id: POST_ID }, uploads: slots };
    },
  };
  const gateway = await Gateway.open({
    host: '127.0.0.1',
    port: 0,
    publicUrl: null,
    allowedOrigins: ['https://app.example'],
    trustProxy: 0,
    metricsToken: null,
    webRoot: null,
    spoolDir,
    services: { posts, uploads, topics } as unknown as Services,
    sessions,
    authenticator,
    blobs,
    rateLimiter: limiter,
    operations: options.operations ?? [echo, list, enter],
    openApi: { openapi: '3.1.0' },
    storageEvents: null,
    ready: async () => ({ ok: true, checks: { store: 'ok' } }),
    clock: systemClock,
    limits: { ...limits, ...options.limits },
    log: silentLogger,
    metrics: createMetrics(),
    ...options.overrides,
  });
  return {
    gateway,
    origin: `http://127.0.0.1:${gateway.port}`,
    liveUrl: `ws://127.0.0.1:${gateway.port}/v1/live`,
    sessions,
    authenticator,
    topics,
    limiter,
    uploads,
    blobs,
    spoolDir,
    drafts,
    visible,
    async close() {
      await gateway.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Waits for a condition, never for a duration; fails after ten seconds. */
export async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`waited too long: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
