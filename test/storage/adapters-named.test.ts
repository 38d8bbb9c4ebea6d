import { existsSync } from 'node:fs';
import test from 'ava';
import { BINDINGS, namedAdapters } from '../conformance/adapters.ts';

function unbound(names: readonly string[]): string[] {
  return names.filter((name) => !(BINDINGS[name]?.every((file) => existsSync(file)) ?? false));
}

test('every adapter that ADAPTERS names is bound to its conformance suite', (t) => {
  t.deepEqual(unbound(namedAdapters()), []);
  t.deepEqual(unbound(Object.keys(BINDINGS)), []);
});

test('an adapter that is named but not bound is a failure', (t) => {
  t.deepEqual(unbound(namedAdapters('memory, floppy')), ['floppy']);
});
