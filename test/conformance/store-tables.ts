/** Tables of the conformance suite: every discipline, order, key type and column kind. */
import { column, defineTable, type RowOf } from '../../src/storage/table.ts';

export const entries = defineTable({
  name: 'conformance_entries',
  columns: {
    owner: column.text(),
    bucket: column.integer(),
    label: column.text(),
    position: column.integer(),
    note: column.nullable(column.text()),
    weight: column.real(),
    flag: column.boolean(),
    details: column.json<unknown>(),
    extra: column.nullable(column.json<unknown>()),
  },
  partitionKey: ['owner', 'bucket'],
  clusteringKey: ['label', 'position'],
  order: 'descending',
  discipline: 'immutable',
});

export const edges = defineTable({
  name: 'conformance_edges',
  columns: {
    owner: column.text(),
    target: column.text(),
    state: column.text<'active' | 'gone'>(),
    revision: column.integer(),
  },
  partitionKey: ['owner'],
  clusteringKey: ['target'],
  discipline: 'lww',
});

export const leases = defineTable({
  name: 'conformance_leases',
  columns: {
    name: column.text(),
    holder: column.nullable(column.text()),
    epoch: column.integer(),
    details: column.json<unknown>(),
  },
  partitionKey: ['name'],
  discipline: 'fenced',
});

export const notes = defineTable({
  name: 'conformance_notes',
  columns: { owner: column.text(), id: column.integer() },
  partitionKey: ['owner'],
  clusteringKey: ['id'],
  discipline: 'immutable',
  retentionMs: 10_000,
});

export const CONFORMANCE_TABLES = [entries, edges, leases, notes];

export type Entry = RowOf<typeof entries>;
export type Edge = RowOf<typeof edges>;
export type Lease = RowOf<typeof leases>;

/** The same key always gives the same content. */
export function entry(owner: string, label: string, position: number): Entry {
  return {
    owner,
    bucket: 7,
    label,
    position,
    note: position % 2 === 0 ? null : `note on ${label}`,
    weight: position / 3,
    flag: position > 0,
    details: { label, list: [1, 'two', null, { deep: true }], text: '\u0000 "quoted" 😀 \ud800' },
    extra: position < 0 ? null : [position],
  };
}

export function edge(owner: string, target: string, revision: number): Edge {
  return { owner, target, state: revision % 2 === 0 ? 'active' : 'gone', revision };
}
