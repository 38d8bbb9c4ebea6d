/**
 * Values behind 32-bit handles with reference counts, one value per key: what rings and timelines point to.
 *
 *   handle   31         24 23               0
 *            | generation |      index      |      0 is never a handle
 *
 * Must hold: a handle is used only while someone holds a reference. The generation makes a freed handle recognisable:
 * using one is an invariant failure, not somebody else's value.
 */
import { invariant } from '../../errors.ts';
import { Uint8Column, Uint32Column } from './columns.ts';

const INDEX_BITS = 24;
const INDEX_MASK = (1 << INDEX_BITS) - 1;
/** More values than this do not fit a handle. */
export const HANDLES_MAX = INDEX_MASK;

export const NO_HANDLE = 0;

export class HandleTable<Value extends object> {
  private readonly keyOf: (value: Value) => string;
  private readonly capacity: number;
  private readonly byKey = new Map<string, number>();
  private readonly values: (Value | undefined)[] = [undefined];
  private readonly counts = new Uint32Column();
  private readonly generations = new Uint8Column();
  private readonly freeIndexes: number[] = [];
  /** What was found last: one event goes to thousands of rings and timelines, with the same key each time. */
  private lastKey = '';
  private lastHandle = NO_HANDLE;

  constructor(keyOf: (value: Value) => string, capacity: number) {
    invariant(capacity <= HANDLES_MAX, 'more values than a handle can name');
    this.keyOf = keyOf;
    this.capacity = capacity;
  }

  /** Values held now. */
  get size(): number {
    return this.byKey.size;
  }

  get full(): boolean {
    return this.byKey.size >= this.capacity;
  }

  /** The handle of the value with that key, or NO_HANDLE. Takes no reference. */
  find(key: string): number {
    if (key === this.lastKey && this.lastHandle !== NO_HANDLE) return this.lastHandle;
    const handle = this.byKey.get(key) ?? NO_HANDLE;
    this.lastKey = key;
    this.lastHandle = handle;
    return handle;
  }

  /** Adds a value whose key is not there yet, with one reference for the caller. Ask `full` first. */
  add(value: Value): number {
    invariant(!this.full, 'the handle table is full');
    const key = this.keyOf(value);
    invariant(!this.byKey.has(key), 'a key has one value');
    const index = this.freeIndexes.pop() ?? this.values.length;
    this.values[index] = value;
    this.counts.reserve(index);
    this.generations.reserve(index);
    this.counts.set(index, 1);
    const handle = ((this.generations.get(index) << INDEX_BITS) | index) >>> 0;
    this.byKey.set(key, handle);
    return handle;
  }

  get(handle: number): Value {
    const index = handle & INDEX_MASK;
    const value = this.values[index];
    invariant(value !== undefined && this.generations.get(index) === handle >>> INDEX_BITS, 'a freed handle was used');
    return value;
  }

  retain(handle: number, references = 1): void {
    this.get(handle);
    const index = handle & INDEX_MASK;
    this.counts.set(index, this.counts.get(index) + references);
  }

  /** Gives references back. Returns the value if those were the last, else null. */
  release(handle: number, references = 1): Value | null {
    const value = this.get(handle);
    const index = handle & INDEX_MASK;
    const count = this.counts.get(index) - references;
    invariant(count >= 0, 'a reference was given back that nobody had');
    this.counts.set(index, count);
    if (count > 0) return null;
    this.byKey.delete(this.keyOf(value));
    if (this.lastHandle === handle) this.lastHandle = NO_HANDLE;
    this.values[index] = undefined;
    this.generations.set(index, this.generations.get(index) + 1);
    this.freeIndexes.push(index);
    return value;
  }
}
