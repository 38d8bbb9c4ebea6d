import test from 'ava';
import fc from 'fast-check';
import { Heap } from '../../../src/media/embedded/heap.ts';

test('whatever is put, kept and taken in between, the first comes first', (t) => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('put' as const), value: fc.nat(20) }) },
    { weight: 4, arbitrary: fc.constant({ kind: 'take' as const }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('keep' as const), below: fc.nat(20) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const heap = new Heap<number>((one, other) => one < other);
      let model: number[] = [];
      for (const made of steps) {
        if (made.kind === 'put') {
          heap.put(made.value);
          model = [...model, made.value].toSorted((one, other) => one - other);
        } else if (made.kind === 'take') {
          t.is(heap.first(), model[0]);
          t.is(heap.take(), model.shift());
        } else {
          heap.keep((value) => value < made.below);
          model = model.filter((value) => value < made.below);
        }
        t.is(heap.size, model.length);
      }
      t.deepEqual(
        model.map(() => heap.take()),
        model,
      );
      t.is(heap.take(), undefined);
    }),
  );
});
