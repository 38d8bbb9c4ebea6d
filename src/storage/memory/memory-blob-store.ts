/** `BlobStore` in memory: the executable specification. Nothing survives the process. */
import { Readable } from 'node:stream';
import type { Clock } from '../../clock.ts';
import { Problem } from '../../errors.ts';
import { type BlobWrite, blobExpired, checkBlobRemoval, checkBlobWrite, clipRange, tooLarge } from '../blob-rules.ts';
import type { BlobContent, BlobInfo, BlobRange, BlobStore, DirectUpload } from '../blob-store.ts';

interface StoredBlob {
  readonly info: BlobInfo;
  readonly content: Buffer;
}

export class MemoryBlobStore implements BlobStore {
  private readonly clock: Clock;
  private readonly blobs = new Map<string, StoredBlob>();
  private closed = false;

  constructor({ clock }: { clock: Clock }) {
    this.clock = clock;
  }

  async writeTemporary(key: string, source: AsyncIterable<Uint8Array>, options: BlobWrite): Promise<BlobInfo> {
    this.requireOpen();
    checkBlobWrite(key, options);
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of source) {
      bytes += chunk.byteLength;
      if (bytes > options.bytesMax) throw tooLarge(options.bytesMax);
      chunks.push(Buffer.from(chunk));
    }
    this.requireOpen();
    const { contentType } = options;
    const info: BlobInfo = { key, bytes, contentType, state: 'temporary', writtenAtMs: this.clock.now() };
    this.blobs.set(key, { info, content: Buffer.concat(chunks) });
    return info;
  }

  async writePermanent(key: string, content: Uint8Array, { contentType }: { contentType: string }): Promise<BlobInfo> {
    this.requireOpen();
    const bytes = content.byteLength;
    checkBlobWrite(key, { contentType, bytesMax: bytes });
    const info: BlobInfo = { key, bytes, contentType, state: 'permanent', writtenAtMs: this.clock.now() };
    this.blobs.set(key, { info, content: Buffer.from(content) });
    return info;
  }

  async promote(key: string): Promise<boolean> {
    this.requireOpen();
    const blob = this.find(key);
    if (blob === null) return false;
    this.blobs.set(key, { ...blob, info: { ...blob.info, state: 'permanent' } });
    return true;
  }

  async read(key: string, range?: BlobRange): Promise<{ info: BlobInfo; body: BlobContent } | null> {
    this.requireOpen();
    const blob = this.find(key);
    if (blob === null) return null;
    const { start, count } = clipRange(range, blob.info.bytes);
    // A copy, so that a reader cannot change what is stored.
    const content = Buffer.from(blob.content.subarray(start, start + count));
    return { info: blob.info, body: Readable.from([content], { objectMode: false }) };
  }

  async readInto(key: string, memory: Buffer): Promise<Buffer | null> {
    this.requireOpen();
    const blob = this.find(key);
    if (blob === null) return null;
    if (blob.info.bytes > memory.length) throw tooLarge(memory.length);
    blob.content.copy(memory);
    return memory.subarray(0, blob.info.bytes);
  }

  async stat(key: string): Promise<BlobInfo | null> {
    this.requireOpen();
    return this.find(key)?.info ?? null;
  }

  remove(key: string): Promise<void> {
    return this.removeAll([key]);
  }

  async removeAll(keys: readonly string[]): Promise<void> {
    this.requireOpen();
    checkBlobRemoval(keys);
    for (const key of keys) this.blobs.delete(key);
  }

  async *list(): AsyncIterable<BlobInfo> {
    this.requireOpen();
    for (const key of this.blobs.keys()) {
      const blob = this.find(key);
      if (blob !== null) yield blob.info;
    }
  }

  async directUpload(): Promise<DirectUpload | null> {
    return null;
  }

  async ping(): Promise<void> {
    this.requireOpen();
  }

  async close(): Promise<void> {
    this.closed = true;
  }

  private find(key: string): StoredBlob | null {
    const blob = this.blobs.get(key);
    if (blob === undefined || blobExpired(blob.info.state, blob.info.writtenAtMs, this.clock.now())) return null;
    return blob;
  }

  private requireOpen(): void {
    if (this.closed) throw new Problem('unavailable', { detail: 'The blob store is closed.' });
  }
}
