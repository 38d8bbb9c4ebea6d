import fc from 'fast-check';
import test from 'ava';
import { isBlobKey } from '../../src/storage/blob-keys.ts';

const segment = fc.constantFrom('', '.', '..', '...', 'a', '.a', 'a.', '-', '_9', 'A', ' ', '\n', 'é', '%2e', '\\');

test('a key is segments of plain characters between slashes, none of them empty, one dot or two', (t) => {
  const plain = (text: string): boolean => /^[a-z0-9._-]+$/.test(text) && !['.', '..'].includes(text);
  fc.assert(
    fc.property(fc.array(segment, { minLength: 1, maxLength: 5 }), (segments) => {
      t.is(isBlobKey(segments.join('/')), segments.every(plain));
    }),
  );
});

test('a key has at most 200 characters', (t) => {
  t.true(isBlobKey(`${'a/'.repeat(99)}bc`));
  t.false(isBlobKey(`${'a/'.repeat(99)}bcd`));
});
