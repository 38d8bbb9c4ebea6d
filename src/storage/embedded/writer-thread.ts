/** The thread that owns the only writing connection, so that waiting for the disk never holds up the event loop. */
import { parentPort, workerData } from 'node:worker_threads';
import { systemClock } from '../../clock.ts';
import { invariant } from '../../errors.ts';
import type { Table } from '../table.ts';
import { TableLayout } from '../table-layout.ts';
import { Checkpoints } from './checkpoints.ts';
import { GroupWriter } from './group-writer.ts';
import { openForWriting } from './sqlite.ts';
import { TableSql } from './table-sql.ts';
import type { FromWriter, ToWriter } from './write-protocol.ts';

export interface WriterThreadData {
  readonly path: string;
  readonly tables: readonly Table[];
}

function serve(port: NonNullable<typeof parentPort>, { path, tables }: WriterThreadData): void {
  const database = openForWriting(path);
  const writer = new GroupWriter(
    database,
    tables.map((table) => new TableSql(new TableLayout(table))),
  );
  const checkpoints = new Checkpoints(database, systemClock);
  const say = (message: FromWriter) => port.postMessage(message);
  port.on('message', (message: ToWriter) => {
    if (message.kind === 'group') {
      say({ kind: 'results', results: writer.write(message.requests) });
      checkpoints.written();
      return;
    }
    checkpoints.stop();
    database.close();
    port.close();
  });
  say({ kind: 'ready' });
}

invariant(parentPort !== null, 'the writer runs in a thread');
serve(parentPort, workerData as WriterThreadData);
