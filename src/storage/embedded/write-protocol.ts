/** What the event loop and the writer thread say to each other. Tables go by their index in the list both were given. */
import type { Cell } from '../table-layout.ts';

export type PlainWrite =
  | { readonly kind: 'put'; readonly table: number; readonly cells: Cell[]; readonly expiresAtMs: number | null }
  | { readonly kind: 'remove'; readonly table: number; readonly key: Cell[] };

/** `PlainWrite`s in one flat list, see `packWrites`. */
export interface PackedWrites {
  readonly count: number;
  readonly flat: readonly Cell[];
}

export type Expected = readonly [position: number, cell: Cell][];

/** Each is all or nothing. Wall time comes with the write: the thread has no clock. */
export type WriteRequest =
  | { readonly kind: 'plain'; readonly writes: PackedWrites; readonly nowMs: number }
  | {
      readonly kind: 'insertIfAbsent';
      readonly table: number;
      readonly cells: Cell[];
      readonly expiresAtMs: number | null;
      readonly nowMs: number;
    }
  | {
      readonly kind: 'compareAndPut';
      readonly table: number;
      readonly cells: Cell[];
      readonly expected: Expected;
      readonly expiresAtMs: number | null;
      readonly nowMs: number;
    }
  | {
      readonly kind: 'compareAndRemove';
      readonly table: number;
      readonly key: Cell[];
      readonly expected: Expected;
      readonly nowMs: number;
    }
  | { readonly kind: 'ping'; readonly value: number }
  /** Removes expired rows among the next `rowsMax` that the thread's own cursor passes. */
  | { readonly kind: 'sweep'; readonly rowsMax: number; readonly nowMs: number };

/** `existing` is only ever set by `insertIfAbsent`; `done` is false when a comparison failed or the key was taken. */
export type WriteResult =
  | { readonly ok: true; readonly done: boolean; readonly existing: Cell[] | null }
  | { readonly ok: false; readonly reason: string };

export type ToWriter =
  | { readonly kind: 'group'; readonly requests: readonly WriteRequest[] }
  | { readonly kind: 'close' };

export type FromWriter =
  | { readonly kind: 'ready' }
  /** In the order of the group's requests; sent after the commit. */
  | { readonly kind: 'results'; readonly results: readonly WriteResult[] };

/**
 * One list of values crosses to the thread for a third of what as many objects cost. What follows a table's index is what
 * its statement is run with:
 *
 *   put      table  cells…  expiry            remove   −1 − table  key…
 */
export function packWrites(writes: readonly PlainWrite[]): PackedWrites {
  const flat: Cell[] = [];
  for (const write of writes) {
    if (write.kind === 'put') flat.push(write.table, ...write.cells, write.expiresAtMs);
    else flat.push(-1 - write.table, ...write.key);
  }
  return { count: writes.length, flat };
}
