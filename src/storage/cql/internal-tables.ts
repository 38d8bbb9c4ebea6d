/** Tables that this adapter keeps for itself, beside the declared ones. */
import { column, defineTable, type Table } from '../table.ts';

export const PING = defineTable({
  name: 'shutterline_ping',
  columns: { pinger: column.text(), revision: column.integer() },
  partitionKey: ['pinger'],
  discipline: 'lww',
  retentionMs: 60_000,
});

export function withInternalTables(tables: readonly Table[]): readonly Table[] {
  return [...tables, PING];
}
