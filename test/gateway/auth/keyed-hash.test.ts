import { createHmac, createSecretKey } from 'node:crypto';
import test from 'ava';
import fc from 'fast-check';
import { KeyedHash } from '../../../src/gateway/auth/keyed-hash.ts';

const CHARACTERS_MAX = 300;

test('the keyed hash is HMAC-SHA256, whatever the key and the text', (t) => {
  const anyKey = fc.uint8Array({ minLength: 1, maxLength: 64 });
  const anyText = fc
    .string({ unit: 'grapheme', maxLength: CHARACTERS_MAX / 2 })
    .filter((text) => text.length <= CHARACTERS_MAX);
  fc.assert(
    fc.property(anyKey, fc.array(anyText, { maxLength: 4 }), (bytes, texts) => {
      const key = createSecretKey(bytes);
      const keyed = new KeyedHash(key, CHARACTERS_MAX);
      return texts.every((text) => keyed.of(text) === createHmac('sha256', key).update(text).digest('base64url'));
    }),
  );
  t.pass();
});

test('the known answer of RFC 4231', (t) => {
  const keyed = new KeyedHash(createSecretKey(Buffer.from('Jefe')), CHARACTERS_MAX);
  const expected = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843';
  t.is(keyed.of('what do ya want for nothing?'), Buffer.from(expected, 'hex').toString('base64url'));
});

test('keys and texts that do not fit are refused', (t) => {
  t.throws(() => new KeyedHash(createSecretKey(Buffer.alloc(65, 1)), CHARACTERS_MAX));
  const keyed = new KeyedHash(createSecretKey(Buffer.alloc(32, 1)), 3);
  t.notThrows(() => keyed.of('€€€'));
  t.throws(() => keyed.of('four'));
});
