/** Any `Store`, counted: what a request costs in reads and writes is a promise of the product, so it must be visible. */
import type { Metrics } from '../metrics.ts';
import type { Store } from './store.ts';

export function meteredStore(store: Store, metrics: Metrics): Store {
  const reads = metrics.counter('store_reads', 'Reads of the durable tables.');
  const writes = metrics.counter('store_writes', 'Writes to the durable tables; a batch counts once.');
  const read = <Result>(result: Promise<Result>): Promise<Result> => {
    reads.add();
    return result;
  };
  const written = <Result>(result: Promise<Result>): Promise<Result> => {
    writes.add();
    return result;
  };
  return {
    get: (table, key) => read(store.get(table, key)),
    getMany: (table, keys) => read(store.getMany(table, keys)),
    page: (table, partition, range) => read(store.page(table, partition, range)),
    count: (table, partition) => read(store.count(table, partition)),
    put: (table, row, options) => written(store.put(table, row, options)),
    remove: (table, key) => written(store.remove(table, key)),
    insertIfAbsent: (table, row, options) => written(store.insertIfAbsent(table, row, options)),
    compareAndPut: (table, row, expected, options) => written(store.compareAndPut(table, row, expected, options)),
    compareAndRemove: (table, key, expected) => written(store.compareAndRemove(table, key, expected)),
    batch: (mutations) => written(store.batch(mutations)),
    writeAll: (mutations) => written(store.writeAll(mutations)),
    scan: (table) => store.scan(table),
    scanWithExpiry: (table) => store.scanWithExpiry(table),
    ping: () => store.ping(),
    close: () => store.close(),
  };
}
