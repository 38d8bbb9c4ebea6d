/**
 * `BlobStore` in a bucket of an S3 server, shared by all nodes.
 *
 *   write      PUT tmp/<key>, then DELETE blobs/<key>         a blob that was permanent is replaced
 *   permanent  PUT blobs/<key>                                in one request
 *   promote    COPY tmp/<key> → blobs/<key>                   on the server; one request, whole or not at all
 *   read       GET blobs/<key>, else tmp/<key>                permanent blobs, which are all but a few, cost one request
 *
 * What must hold: between the steps of each the key means the old blob or the new one, never none. Promotion therefore
 * leaves tmp/<key> where it is: removing it could meet a writer of the same key between its steps and leave nothing. The
 * sweep removes it an hour later. A client that sends the bytes itself reaches tmp/ only, so nothing permanent is replaced.
 */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { PostPolicy } from 'minio';
import type { Clock, Timer } from '../../clock.ts';
import { invariant, Problem } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Logger } from '../../log.ts';
import { isBlobKey } from '../blob-keys.ts';
import { blobExpired, type BlobWrite, checkBlobRemoval, checkBlobWrite, clipRange, tooLarge } from '../blob-rules.ts';
import type { BlobContent, BlobInfo, BlobRange, BlobStore, DirectUpload, ListedBlob } from '../blob-store.ts';
import { type BucketOptions, prepareBucket } from './bucket.ts';
import { blobInfo, WRITTEN_HEADER } from './object-info.ts';
import { listBlobs, listTemporary } from './object-listing.ts';
import { permanentName, temporaryName } from './object-names.ts';
import { removeObjects } from './object-removal.ts';
import { uploadObject } from './object-upload.ts';
import { codeOf, createClient, S3Session } from './s3-session.ts';

const STATES = ['permanent', 'temporary'] as const;

export class S3BlobStore implements BlobStore {
  private readonly session: S3Session;
  private readonly clock: Clock;
  private readonly log: Logger;
  /** Signs what clients send to the public endpoint; null: they send nothing there. */
  private readonly signer: S3Session['client'] | null;
  private readonly listPage: number;
  private readonly sweepTimer: Timer;
  private sweeping: Promise<void> | null = null;
  private closed = false;

  private constructor(session: S3Session, { settings, clock, log, listPage = limits.s3ListPage }: BucketOptions) {
    this.session = session;
    this.clock = clock;
    this.log = log;
    this.listPage = listPage;
    this.signer = settings.publicEndpoint === null ? null : createClient(settings.publicEndpoint, settings);
    this.sweepTimer = clock.every(limits.s3SweepMs, () => {
      this.sweep().catch((error: unknown) => this.log.warn('temporary blobs could not be swept', { error }));
    });
  }

  /** Makes the bucket if it is not there. `StartRefusal` if the server stays away or does not let this node in. */
  static async open(options: BucketOptions): Promise<S3BlobStore> {
    const session = new S3Session(options.settings, options.clock);
    try {
      await prepareBucket(session, options);
      return new S3BlobStore(session, options);
    } catch (error) {
      session.close();
      throw error;
    }
  }

  async writeTemporary(key: string, source: AsyncIterable<Uint8Array>, options: BlobWrite): Promise<BlobInfo> {
    this.requireOpen();
    checkBlobWrite(key, options);
    const { contentType, bytesMax } = options;
    const writtenAtMs = this.clock.now();
    const headers = { 'Content-Type': contentType, [WRITTEN_HEADER]: String(writtenAtMs) };
    const bytes = await uploadObject(this.session, source, { name: temporaryName(key), headers, bytesMax });
    await this.session.run((client, bucket) => client.removeObject(bucket, permanentName(key)));
    return { key, bytes, contentType, state: 'temporary', writtenAtMs };
  }

  async writePermanent(key: string, content: Uint8Array, { contentType }: { contentType: string }): Promise<BlobInfo> {
    this.requireOpen();
    const bytes = content.byteLength;
    checkBlobWrite(key, { contentType, bytesMax: bytes });
    const writtenAtMs = this.clock.now();
    const headers = { 'Content-Type': contentType, [WRITTEN_HEADER]: String(writtenAtMs) };
    const source = Readable.from([content], { objectMode: false });
    await uploadObject(this.session, source, { name: permanentName(key), headers, bytesMax: bytes });
    return { key, bytes, contentType, state: 'permanent', writtenAtMs };
  }

  async promote(key: string): Promise<boolean> {
    this.requireOpen();
    if (!isBlobKey(key)) return false;
    // A repeat: also when a client sent other bytes since.
    if ((await this.head(key, 'permanent')) !== null) return true;
    // Judged here, as everywhere else: of a time that the server's own clock has not reached, it would know nothing.
    const temporary = await this.head(key, 'temporary');
    if (temporary === null || this.expired(temporary)) return false;
    const copied = await this.session.find((client, bucket) =>
      client.copyObject(bucket, permanentName(key), `/${bucket}/${temporaryName(key)}`),
    );
    return copied !== null;
  }

  async read(key: string, range?: BlobRange): Promise<{ info: BlobInfo; body: BlobContent } | null> {
    this.requireOpen();
    if (range !== undefined) clipRange(range, 0);
    if (!isBlobKey(key)) return null;
    for (const state of STATES) {
      const response = await this.get(key, state, range);
      if (response === 'behind the end') return this.nothingOf(key);
      if (response === null) continue;
      const info = blobInfo(key, state, response.headers);
      if (!this.expired(info)) return { info, body: response };
      response.destroy();
    }
    return null;
  }

  async readInto(key: string, memory: Buffer): Promise<Buffer | null> {
    const found = await this.read(key);
    if (found === null) return null;
    let bytes = 0;
    for await (const chunk of found.body) {
      if (bytes + chunk.length > memory.length) throw tooLarge(memory.length);
      memory.set(chunk, bytes);
      bytes += chunk.length;
    }
    return memory.subarray(0, bytes);
  }

  async stat(key: string): Promise<BlobInfo | null> {
    this.requireOpen();
    if (!isBlobKey(key)) return null;
    for (const state of STATES) {
      const info = await this.head(key, state);
      if (info !== null && !this.expired(info)) return info;
    }
    return null;
  }

  /** The temporary one first: what is left after a crash in between is what was there before. */
  async remove(key: string): Promise<void> {
    this.requireOpen();
    if (!isBlobKey(key)) return;
    await this.session.run((client, bucket) => client.removeObject(bucket, temporaryName(key)));
    await this.session.run((client, bucket) => client.removeObject(bucket, permanentName(key)));
  }

  /** In two requests; the temporary ones first, as of one. */
  async removeAll(keys: readonly string[]): Promise<void> {
    this.requireOpen();
    checkBlobRemoval(keys);
    const known = keys.filter(isBlobKey);
    await removeObjects(this.session, known.map(temporaryName));
    await removeObjects(this.session, known.map(permanentName));
  }

  async *list(): AsyncIterable<ListedBlob> {
    this.requireOpen();
    for await (const blob of listBlobs(this.session, this.listPage)) if (!this.expired(blob)) yield blob;
  }

  /** The server itself refuses another type, another name, or more bytes. */
  async directUpload(
    key: string,
    { contentType, bytesMax, lifetimeMs }: { contentType: string; bytesMax: number; lifetimeMs: number },
  ): Promise<DirectUpload | null> {
    this.requireOpen();
    invariant(isBlobKey(key), 'a blob key has another form');
    if (this.signer === null) return null;
    const policy = new PostPolicy();
    policy.setBucket(this.session.bucket);
    policy.setKey(temporaryName(key));
    policy.setContentType(contentType);
    policy.setContentLengthRange(1, bytesMax);
    policy.setExpires(new Date(this.clock.now() + lifetimeMs));
    const { postURL, formData } = await this.signer.presignedPostPolicy(policy);
    return { url: postURL, fields: formData as Readonly<Record<string, string>> };
  }

  async ping(): Promise<void> {
    this.requireOpen();
    const there = await this.session.run((client, bucket) => client.bucketExists(bucket));
    if (!there) throw new Problem('unavailable', { detail: 'The bucket is not there.' });
  }

  async close(): Promise<void> {
    this.closed = true;
    this.sweepTimer.cancel();
    this.session.close();
    await this.sweeping?.catch(() => undefined);
  }

  /** Removes temporary objects whose time ended, and those whose blob has been permanent for an hour. */
  sweep(): Promise<void> {
    this.sweeping ??= this.removeLeftOver().finally(() => {
      this.sweeping = null;
    });
    return this.sweeping;
  }

  private async removeLeftOver(): Promise<void> {
    let expired = 0;
    for await (const { key, writtenAtMs } of listTemporary(this.session, this.listPage)) {
      const ageMs = this.clock.now() - writtenAtMs;
      if (ageMs < limits.temporaryBlobGraceMs) continue;
      const isOver = ageMs >= limits.temporaryBlobRetentionMs + limits.temporaryBlobGraceMs;
      if (!isOver && (await this.head(key, 'permanent')) === null) continue;
      await this.session.run((client, bucket) => client.removeObject(bucket, temporaryName(key)));
      if (isOver) expired++;
    }
    if (expired > 0) this.log.info('temporary blobs that nobody needs were removed', { expired });
  }

  private async head(key: string, state: BlobInfo['state']): Promise<BlobInfo | null> {
    const found = await this.session.find((client, bucket) => client.statObject(bucket, nameOf(key, state)));
    if (found === null) return null;
    const { size, lastModified, metaData } = found;
    const written = Number(metaData[WRITTEN_HEADER.replace('x-amz-meta-', '')] ?? lastModified.getTime());
    return { key, bytes: size, contentType: String(metaData['content-type']), state, writtenAtMs: written };
  }

  private async get(
    key: string,
    state: BlobInfo['state'],
    range: BlobRange | undefined,
  ): Promise<IncomingMessage | 'behind the end' | null> {
    return this.session.find(async (client, bucket) => {
      try {
        const { start, count } = clipRange(range, range === undefined ? 0 : Number.MAX_SAFE_INTEGER);
        return (await client.getPartialObject(bucket, nameOf(key, state), start, count)) as IncomingMessage;
      } catch (error) {
        if (codeOf(error) === 'InvalidRange') return 'behind the end';
        throw error;
      }
    });
  }

  private async nothingOf(key: string): Promise<{ info: BlobInfo; body: BlobContent } | null> {
    const info = await this.stat(key);
    return info && { info, body: Readable.from([], { objectMode: false }) };
  }

  private expired({ state, writtenAtMs }: ListedBlob): boolean {
    return blobExpired(state, writtenAtMs, this.clock.now());
  }

  private requireOpen(): void {
    if (this.closed) throw new Problem('unavailable', { detail: 'The blob store is closed.' });
  }
}

function nameOf(key: string, state: BlobInfo['state']): string {
  return state === 'permanent' ? permanentName(key) : temporaryName(key);
}
