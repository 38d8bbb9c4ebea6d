/**
 * `BlobStore` in a folder of one process (which holds the data folder's lock).
 *
 *   incoming/<random>          being written; what stands here at start was abandoned by a dead process and is removed
 *   shelves/<3 hex>/<key>      header + content
 *
 * A blob appears by rename, after its bytes are synced, so a file under `shelves/` is always whole.
 */
import type { FileHandle } from 'node:fs/promises';
import { mkdir, open, readdir, rename, rm, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock, Timer } from '../../clock.ts';
import { invariant, Problem, StartRefusal } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Logger } from '../../log.ts';
import { ReusedMemory } from '../../reused-memory.ts';
import { isBlobKey } from '../blob-keys.ts';
import { type BlobWrite, blobExpired, checkBlobRemoval, checkBlobWrite, clipRange, tooLarge } from '../blob-rules.ts';
import type { BlobContent, BlobInfo, BlobRange, BlobStore, DirectUpload } from '../blob-store.ts';
import { makeDirectory, syncDirectory } from '../durable-files.ts';
import { decodeHeader, encodeHeader, HEADER_BYTES, PERMANENT, STATE_OFFSET } from './blob-header.ts';
import { engine, engineProblem } from './engine.ts';
import { FileContent } from './file-content.ts';
import { isMissing, removeFiles } from './file-removal.ts';
import { gathered } from './gathered.ts';
import { fileOf, filesOf, holdsFormerShelves, keyOfName, moveFormerShelves, shelvesIn } from './shelves.ts';

export interface FilesystemBlobStoreOptions {
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Logger;
}

interface OpenedFile {
  readonly handle: FileHandle;
  readonly info: BlobInfo;
  /** What was read of it: the header, and what of the content came with it. */
  readonly first: Buffer;
}

export class FilesystemBlobStore implements BlobStore {
  private readonly clock: Clock;
  private readonly log: Logger;
  private readonly incoming: string;
  private readonly shelves: string;
  /** Folders known to be durable, or being made so: at most 4,096. */
  private readonly folders = new Map<string, Promise<void>>();
  private readonly memory = new ReusedMemory(limits.blobWriteBytes, limits.blobWriteBlocksKept);
  private readonly readMemory = new ReusedMemory(limits.blobReadBytes, limits.blobReadBlocksKept);
  private readonly sweepTimer: Timer;
  private sweeping: Promise<void> | null = null;
  private closed = false;

  private constructor({ directory, clock, log }: FilesystemBlobStoreOptions) {
    this.clock = clock;
    this.log = log;
    this.incoming = join(directory, 'incoming');
    this.shelves = shelvesIn(directory);
    this.sweepTimer = clock.every(limits.temporaryBlobSweepMs, () => {
      this.sweep().catch((error: unknown) => this.log.warn('temporary blobs could not be swept', { error }));
    });
  }

  static async open(options: FilesystemBlobStoreOptions): Promise<FilesystemBlobStore> {
    const { directory, log } = options;
    const incoming = join(directory, 'incoming');
    await rm(incoming, { recursive: true, force: true });
    await makeDirectory(incoming);
    await makeDirectory(shelvesIn(directory));
    if (await holdsFormerShelves(directory)) {
      const moved = await moveFormerShelves(directory);
      log.info('blobs were moved to shelves of their groups', { moved });
    }
    return new FilesystemBlobStore(options);
  }

  /** To read what a running server keeps in this folder: takes nothing away, also not what is just being written. */
  static async beside(options: FilesystemBlobStoreOptions): Promise<FilesystemBlobStore> {
    if (await holdsFormerShelves(options.directory)) {
      const refusal = 'is of an earlier version. Start the server once: it brings them into their new order.';
      throw new StartRefusal(`The folder of photographs ${options.directory} ${refusal}`);
    }
    const store = new FilesystemBlobStore(options);
    store.sweepTimer.cancel();
    return store;
  }

  async writeTemporary(key: string, source: AsyncIterable<Uint8Array>, options: BlobWrite): Promise<BlobInfo> {
    this.requireOpen();
    checkBlobWrite(key, options);
    return this.place(key, async (handle) => {
      // Behind the header, which says how many bytes came. Errors of the source pass through as they are.
      const bytes = await this.write(handle, bounded(source, options.bytesMax), HEADER_BYTES);
      const { contentType } = options;
      const info: BlobInfo = { key, bytes, contentType, state: 'temporary', writtenAtMs: this.clock.now() };
      await engine(handle.write(encodeHeader(info), 0, HEADER_BYTES, 0));
      return info;
    });
  }

  async writePermanent(key: string, content: Uint8Array, { contentType }: { contentType: string }): Promise<BlobInfo> {
    this.requireOpen();
    const bytes = content.byteLength;
    checkBlobWrite(key, { contentType, bytesMax: bytes });
    const path = this.pathOf(key);
    // A folder that is new is synced while the content is: awaited before the file gets its name in it.
    this.folder(dirname(path)).catch(() => undefined);
    return this.place(key, async (handle) => {
      const info: BlobInfo = { key, bytes, contentType, state: 'permanent', writtenAtMs: this.clock.now() };
      await this.write(handle, [encodeHeader(info), content], 0);
      return info;
    });
  }

  async promote(key: string): Promise<boolean> {
    this.requireOpen();
    const found = await this.openBlob(key, 'r+');
    if (found === null) return false;
    try {
      if (found.info.state === 'permanent') return true;
      await engine(found.handle.write(PERMANENT, 0, PERMANENT.length, STATE_OFFSET));
      await engine(found.handle.sync());
      return true;
    } finally {
      await found.handle.close();
    }
  }

  /** Most of what is read is small and read whole: the first step brings the header and all of it. */
  async read(key: string, range?: BlobRange): Promise<{ info: BlobInfo; body: BlobContent } | null> {
    this.requireOpen();
    if (range !== undefined) clipRange(range, 0);
    const block = this.readMemory.take();
    let body: BlobContent | null = null;
    try {
      const found = await this.openBlob(key, 'r', range === undefined ? block : block.subarray(0, HEADER_BYTES));
      if (found === null) return null;
      const { handle, info, first } = found;
      const { start, count } = clipRange(range, info.bytes);
      const ready = first.subarray(HEADER_BYTES, HEADER_BYTES + (range === undefined ? count : 0));
      const position = HEADER_BYTES + start + ready.length;
      body = new FileContent({ handle, position, end: HEADER_BYTES + start + count, block, ready }, this.readMemory);
      return { info, body };
    } finally {
      if (body === null) this.readMemory.give(block);
    }
  }

  async readInto(key: string, memory: Buffer): Promise<Buffer | null> {
    this.requireOpen();
    const found = await this.openBlob(key, 'r');
    if (found === null) return null;
    const { handle, info } = found;
    try {
      if (info.bytes > memory.length) throw tooLarge(memory.length);
      for (let read = 0; read < info.bytes; ) {
        const { bytesRead } = await engine(handle.read(memory, read, info.bytes - read, HEADER_BYTES + read));
        if (bytesRead === 0) throw engineProblem(new Error(`the file of ${key} became shorter`));
        read += bytesRead;
      }
      return memory.subarray(0, info.bytes);
    } finally {
      await handle.close();
    }
  }

  async stat(key: string): Promise<BlobInfo | null> {
    this.requireOpen();
    const found = await this.openBlob(key, 'r');
    if (found === null) return null;
    await found.handle.close();
    return found.info;
  }

  remove(key: string): Promise<void> {
    return this.removeAll([key]);
  }

  async removeAll(keys: readonly string[]): Promise<void> {
    this.requireOpen();
    checkBlobRemoval(keys);
    await engine(removeFiles(filesOf(this.shelves, keys.filter(isBlobKey))));
  }

  async *list(): AsyncIterable<BlobInfo> {
    for await (const info of this.files()) {
      if (!this.expired(info)) yield info;
    }
  }

  /** The server takes the bytes itself. */
  async directUpload(): Promise<DirectUpload | null> {
    return null;
  }

  async ping(): Promise<void> {
    this.requireOpen();
    const probe = join(this.incoming, this.clock.randomBytes(16).toString('hex'));
    const handle = await engine(open(probe, 'wx'));
    try {
      await engine(handle.write('ping'));
      await engine(handle.sync());
    } finally {
      await handle.close();
      await unlink(probe).catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    this.sweepTimer.cancel();
    await this.sweeping?.catch(() => undefined);
  }

  /** Removes temporary blobs whose time ended. They are invisible before; a promotion cannot have begun since. */
  sweep(): Promise<void> {
    this.sweeping ??= this.removeExpired().finally(() => {
      this.sweeping = null;
    });
    return this.sweeping;
  }

  private async removeExpired(): Promise<void> {
    let removed = 0;
    for await (const info of this.files()) {
      if (!blobExpired(info.state, info.writtenAtMs + limits.temporaryBlobGraceMs, this.clock.now())) continue;
      await this.remove(info.key);
      removed++;
    }
    if (removed > 0) this.log.info('temporary blobs that nobody promoted were removed', { removed });
  }

  private async *files(): AsyncIterable<BlobInfo> {
    this.requireOpen();
    for (const folder of await engine(readdir(this.shelves))) {
      for (const name of await engine(readdir(join(this.shelves, folder)))) {
        if (this.closed) return;
        const found = await this.openFile(keyOfName(name), join(this.shelves, folder, name), 'r');
        if (found === null) continue;
        await found.handle.close();
        yield found.info;
      }
    }
  }

  /** What `write` puts into a file of its own appears under the key: whole and synced, or not at all. */
  private async place(key: string, write: (handle: FileHandle) => Promise<BlobInfo>): Promise<BlobInfo> {
    const draft = join(this.incoming, this.clock.randomBytes(16).toString('hex'));
    const handle = await engine(open(draft, 'wx'));
    try {
      const info = await write(handle);
      await engine(handle.sync());
      await engine(handle.close());
      this.requireOpen();
      await engine(this.install(draft, this.pathOf(key)));
      return info;
    } catch (error) {
      await handle.close().catch(() => undefined);
      await unlink(draft).catch(() => undefined);
      throw error;
    }
  }

  /** Resolves to the number of bytes, which stand from `position` on. */
  private async write(
    handle: FileHandle,
    pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    position: number,
  ): Promise<number> {
    let bytes = 0;
    for await (const content of gathered(pieces, this.memory)) {
      await writeAll(handle, content, position + bytes);
      bytes += content.length;
    }
    return bytes;
  }

  private async install(draft: string, path: string): Promise<void> {
    await this.folder(dirname(path));
    await rename(draft, path);
    await syncDirectory(dirname(path));
  }

  /** Single flight: nobody may rely on a folder whose own name is not yet on the disk. */
  private folder(path: string): Promise<void> {
    let made = this.folders.get(path);
    if (made === undefined) {
      made = mkdir(path, { recursive: true }).then(() => syncDirectory(this.shelves));
      made.catch(() => this.folders.delete(path));
      this.folders.set(path, made);
    }
    return made;
  }

  /** Null for what expired or was never there; the caller closes the handle. */
  private async openBlob(key: string, flags: 'r' | 'r+', memory?: Buffer): Promise<OpenedFile | null> {
    if (!isBlobKey(key)) return null;
    const found = await this.openFile(key, this.pathOf(key), flags, memory);
    if (found === null || !this.expired(found.info)) return found;
    await found.handle.close();
    return null;
  }

  /** Reads the header, and behind it as much as `memory` has room for. */
  private async openFile(
    key: string,
    path: string,
    flags: 'r' | 'r+',
    memory: Buffer = Buffer.alloc(HEADER_BYTES),
  ): Promise<OpenedFile | null> {
    let handle: FileHandle;
    try {
      handle = await open(path, flags);
    } catch (error) {
      if (isMissing(error)) return null;
      throw engineProblem(error);
    }
    try {
      const { bytesRead } = await engine(handle.read(memory, 0, memory.length, 0));
      const first = memory.subarray(0, bytesRead);
      const info = decodeHeader(key, first);
      if (info !== null) return { handle, info, first };
      this.log.error('a file among the blobs is not a blob', { key });
    } catch (error) {
      await handle.close();
      throw error;
    }
    await handle.close();
    return null;
  }

  private expired(info: BlobInfo): boolean {
    return blobExpired(info.state, info.writtenAtMs, this.clock.now());
  }

  private pathOf(key: string): string {
    invariant(isBlobKey(key), 'a blob key has another form');
    return fileOf(this.shelves, key);
  }

  private requireOpen(): void {
    if (this.closed) throw new Problem('unavailable', { detail: 'The blob store is closed.' });
  }
}

async function* bounded(source: AsyncIterable<Uint8Array>, bytesMax: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of source) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) throw tooLarge(bytesMax);
    yield chunk;
  }
}

/** A disk that is filling up may take a part only: the rest is then tried alone, and its failure is the outcome. */
async function writeAll(handle: FileHandle, content: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < content.length; ) {
    const left = content.length - written;
    written += (await engine(handle.write(content, written, left, position + written))).bytesWritten;
  }
}
