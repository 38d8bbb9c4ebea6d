/**
 * Which adapters a run covers: `ADAPTERS` names them, separated by commas. One that is named must have a binding and be
 * reachable: it then fails, and is never skipped.
 */
import test from 'ava';

const DEFAULT = 'memory,embedded,filesystem';

/** Adapter → the test files that bind it to the conformance suites. */
export const BINDINGS: Readonly<Record<string, readonly string[]>> = {
  memory: ['test/storage/memory-store.test.ts', 'test/storage/memory-blob-store.test.ts'],
  embedded: ['test/storage/embedded-store.test.ts'],
  cql: ['test/storage/cql-store.test.ts', 'test/storage/cql/engine.test.ts'],
  filesystem: ['test/storage/filesystem-blob-store.test.ts'],
  s3: ['test/storage/s3-blob-store.test.ts'],
  versitygw: ['test/storage/versitygw-blob-store.test.ts'],
  bullmq: ['test/media/bullmq-job-queue.test.ts'],
};

export function namedAdapters(value = process.env['ADAPTERS'] ?? DEFAULT): string[] {
  return value.split(',').map((name) => name.trim());
}

/** Registers the suite if the adapter (or each of several) is named, else a test that says so. */
export function whenNamed(adapter: string | readonly string[], register: () => void): void {
  const missing = [adapter].flat().filter((name) => !namedAdapters().includes(name));
  if (missing.length === 0) register();
  else test(`${missing.join(' and ')} not named in ADAPTERS`, (t) => t.pass());
}
