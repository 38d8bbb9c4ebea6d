/** A file of JSON lines whose hash is known once it is written, and checked when it is read. Held a line at a time. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { StartRefusal } from '../../errors.ts';

export interface LineFileFacts {
  readonly lines: number;
  readonly bytes: number;
  readonly sha256: string;
}

const BUFFERED_CHARACTERS = 256 * 1024;

/** One that is being written; durable once it is finished. */
export class LineFile {
  private readonly file: FileHandle;
  private readonly hash = createHash('sha256');
  private lines = 0;
  private bytes = 0;
  private buffered = '';

  private constructor(file: FileHandle) {
    this.file = file;
  }

  /** The file must not be there yet. */
  static async create(path: string): Promise<LineFile> {
    return new LineFile(await open(path, 'wx'));
  }

  async add(value: unknown): Promise<void> {
    this.buffered += `${JSON.stringify(value)}\n`;
    this.lines++;
    if (this.buffered.length >= BUFFERED_CHARACTERS) await this.flush();
  }

  async finish(): Promise<LineFileFacts> {
    await this.flush();
    await this.file.sync();
    await this.file.close();
    return { lines: this.lines, bytes: this.bytes, sha256: this.hash.digest('hex') };
  }

  private async flush(): Promise<void> {
    const chunk = Buffer.from(this.buffered, 'utf8');
    this.buffered = '';
    this.bytes += chunk.byteLength;
    this.hash.update(chunk);
    await this.file.appendFile(chunk);
  }
}

export async function* readLines(path: string): AsyncGenerator {
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) yield JSON.parse(line) as unknown;
}

/** Refuses a file that is not, byte for byte, what was written. */
export async function requireUnchanged(path: string, facts: LineFileFacts): Promise<void> {
  if ((await hashOfFile(path)) === facts.sha256) return;
  throw new StartRefusal(`${path} is not what the backup wrote: it is damaged or was changed.`);
}

/** Hexadecimal SHA-256; null when there is no such file. */
export async function hashOfFile(path: string): Promise<string | null> {
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
  return hash.digest('hex');
}
