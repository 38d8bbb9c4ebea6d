/** Reads single rows, as they are at that moment, beside the process that serves the database. */
import { join } from 'node:path';
import type { Clock } from '../../clock.ts';
import type { KeyOf, RowOf, Table } from '../table.ts';
import { TableLayout } from '../table-layout.ts';
import { RowReader } from './row-reader.ts';
import { DATABASE_FILE, openForReading } from './sqlite.ts';
import { TableSql } from './table-sql.ts';

export function openReaderBeside({ directory, clock }: { directory: string; clock: Pick<Clock, 'now'> }) {
  const reader = new RowReader(openForReading(join(directory, DATABASE_FILE)));
  return {
    async get<T extends Table>(table: T, key: KeyOf<T>): Promise<RowOf<T> | null> {
      const layout = new TableLayout(table);
      const cells = reader.get(new TableSql(layout as unknown as TableLayout), layout.encodeKey(key), clock.now());
      return cells === null ? null : layout.decodeRow(cells);
    },
    close: () => reader.close(),
  };
}
