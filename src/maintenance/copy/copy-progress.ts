/**
 * How far a copy came, in a file beside the target, so that one that was broken off goes on. It names both ends: another
 * copy into the same place is refused.
 */
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { StartRefusal } from '../../errors.ts';
import { syncDirectory } from '../../storage/durable-files.ts';

const shape = z.object({ from: z.string(), to: z.string(), tablesDone: z.array(z.string()), blobsDone: z.boolean() });

type State = z.infer<typeof shape>;

export class CopyProgress {
  private readonly path: string;
  private state: State;
  /** Whether an earlier run got somewhere. */
  readonly isResumed: boolean;

  private constructor(path: string, state: State, isResumed: boolean) {
    this.path = path;
    this.state = state;
    this.isResumed = isResumed;
  }

  static async open(path: string, ends: { readonly from: string; readonly to: string }): Promise<CopyProgress> {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      return null;
    });
    if (text === null) return new CopyProgress(path, { ...ends, tablesDone: [], blobsDone: false }, false);
    const parsed = shape.safeParse(JSON.parse(text));
    if (!parsed.success || parsed.data.from !== ends.from || parsed.data.to !== ends.to) {
      throw new StartRefusal(`${path} tells of another copy into this place. Finish that one, or empty the place.`);
    }
    return new CopyProgress(path, parsed.data, true);
  }

  isTableDone(name: string): boolean {
    return this.state.tablesDone.includes(name);
  }

  get areBlobsDone(): boolean {
    return this.state.blobsDone;
  }

  /** From now on the place counts as begun. */
  begin(): Promise<void> {
    return this.save(this.state);
  }

  tableDone(name: string): Promise<void> {
    return this.save({ ...this.state, tablesDone: [...this.state.tablesDone, name] });
  }

  blobsDone(): Promise<void> {
    return this.save({ ...this.state, blobsDone: true });
  }

  /** Everything is there and was compared. */
  async finish(): Promise<void> {
    await rm(this.path, { force: true });
  }

  private async save(state: State): Promise<void> {
    this.state = state;
    await mkdir(dirname(this.path), { recursive: true });
    const draft = `${this.path}.next`;
    await writeFile(draft, JSON.stringify(state), { flush: true });
    await rename(draft, this.path);
    await syncDirectory(dirname(this.path));
  }
}
