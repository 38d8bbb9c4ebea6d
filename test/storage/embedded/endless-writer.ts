/** Writes batches of three rows until it is killed, and prints the number of each once it was acknowledged. */
import { systemClock } from '../../../src/clock.ts';
import { silentLogger } from '../../../src/log.ts';
import { EmbeddedStore } from '../../../src/storage/embedded/embedded-store.ts';
import { putRow } from '../../../src/storage/store.ts';
import { column, defineTable } from '../../../src/storage/table.ts';

const things = defineTable({
  name: 'things',
  columns: { id: column.text(), name: column.text() },
  partitionKey: ['id'],
  discipline: 'immutable',
});

const store = await EmbeddedStore.open({
  directory: process.argv[2] ?? '',
  clock: systemClock,
  log: silentLogger,
  tables: [things],
  schemaVersion: 1,
});

/** Resolves when the text has been handed over: a reader that lags makes the writer wait. */
function said(text: string): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(text, () => resolve());
  });
}

async function writeOn(writer: number): Promise<void> {
  for (let number = writer; ; number += 8) {
    await store.batch([0, 1, 2].map((part) => putRow(things, { id: `${number}.${part}`, name: 'x'.repeat(200) })));
    await said(`${number}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, (_, writer) => writeOn(writer)));
