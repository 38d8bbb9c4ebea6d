import { createHmac, createSecretKey } from 'node:crypto';
import test from 'ava';
import fc from 'fast-check';
import { AccessTokens } from '../../../src/gateway/auth/access-tokens.ts';
import { RefreshTokens } from '../../../src/gateway/auth/refresh-tokens.ts';
import { Secrets } from '../../../src/gateway/auth/secrets.ts';
import { Tickets } from '../../../src/gateway/auth/tickets.ts';
import { composeId, EPOCH_MS, type SessionId, type UserId } from '../../../src/ids.ts';
import { limits } from '../../../src/limits.ts';
import { refusalNow, SECRET } from './world.ts';

const NOW = EPOCH_MS + 5_000_000;
const USER = composeId<UserId>(NOW, 1, 1);
const SESSION = composeId<SessionId>(NOW, 1, 2);
const SETTINGS = { issuer: 'us', audience: 'phones' };
const secrets = new Secrets([SECRET]);
const keys = secrets.keys('access-token');
const tokens = new AccessTokens(keys, SETTINGS);

function forge(
  header: object,
  payload: object,
  key: Parameters<typeof createHmac>[1] | null,
  digest = 'sha256',
): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part(header)}.${part(payload)}`;
  return `${signed}.${key === null ? '' : createHmac(digest, key).update(signed).digest('base64url')}`;
}

const SECONDS = Math.floor(NOW / 1000);
const PAYLOAD = { sub: USER, sid: SESSION, iat: SECONDS, exp: SECONDS + 900, iss: 'us', aud: 'phones' };
const HEADER = { alg: 'HS256', typ: 'JWT', kid: keys.newest.kid };

test('an access token speaks for its user and session until it expires', (t) => {
  const token = tokens.issue(USER, SESSION, NOW);
  t.deepEqual(tokens.verify(token, NOW), { userId: USER, sessionId: SESSION, expiresAtMs: NOW + 900_000 });
  t.is(
    refusalNow(() => tokens.verify(token, NOW + 899_000)),
    'accepted',
  );
  t.is(
    refusalNow(() => tokens.verify(token, NOW + 900_000)),
    'unauthenticated',
  );
});

test('an access token that anything is wrong with is refused', (t) => {
  const key = keys.newest.key;
  const stranger = createSecretKey(Buffer.alloc(32, 7));
  const forgeries: Record<string, string> = {
    'alg none': forge({ ...HEADER, alg: 'none' }, PAYLOAD, null),
    'alg none, signed': forge({ ...HEADER, alg: 'none' }, PAYLOAD, key),
    'another algorithm': forge({ ...HEADER, alg: 'HS512' }, PAYLOAD, key, 'sha512'),
    'an asymmetric algorithm': forge({ ...HEADER, alg: 'RS256' }, PAYLOAD, key),
    'wrong key': forge(HEADER, PAYLOAD, stranger),
    'unknown key id': forge({ ...HEADER, kid: 'unknown' }, PAYLOAD, key),
    'no key id': forge({ alg: 'HS256' }, PAYLOAD, key),
    'key id of another type': forge({ ...HEADER, kid: 7 }, PAYLOAD, key),
    'key of another purpose': forge(HEADER, PAYLOAD, secrets.keys('ticket').newest.key),
    expired: forge(HEADER, { ...PAYLOAD, exp: SECONDS - 1 }, key),
    'no expiry': forge(HEADER, { ...PAYLOAD, exp: undefined }, key),
    'longer than tokens live': forge(HEADER, { ...PAYLOAD, iat: SECONDS - 901, exp: SECONDS + 900_000 }, key),
    'other audience': forge(HEADER, { ...PAYLOAD, aud: 'others' }, key),
    'no audience': forge(HEADER, { ...PAYLOAD, aud: undefined }, key),
    'other issuer': forge(HEADER, { ...PAYLOAD, iss: 'others' }, key),
    'subject that is no id': forge(HEADER, { ...PAYLOAD, sub: '../etc/passwd' }, key),
    'no subject': forge(HEADER, { ...PAYLOAD, sub: undefined }, key),
    'session that is no id': forge(HEADER, { ...PAYLOAD, sid: 42 }, key),
    empty: '',
    dots: '..',
    'no token at all': 'Bearer',
    'very long': `${'a'.repeat(100_000)}.b.c`,
    'a ticket': new Tickets(secrets.keys('ticket')).issue({ userId: USER, sessionId: SESSION, device: 'd' }, NOW),
  };
  t.is(
    refusalNow(() => tokens.verify(forge(HEADER, PAYLOAD, key), NOW)),
    'accepted',
    'the forger itself works',
  );
  for (const [name, token] of Object.entries(forgeries)) {
    t.is(
      refusalNow(() => tokens.verify(token, NOW)),
      'unauthenticated',
      name,
    );
  }
});

test('while a secret is replaced, the newest signs and the older ones still verify', (t) => {
  const old = new AccessTokens(
    new Secrets(['the old secret, which is still long enough']).keys('access-token'),
    SETTINGS,
  );
  const both = new Secrets([SECRET, 'the old secret, which is still long enough']);
  const rotated = new AccessTokens(both.keys('access-token'), SETTINGS);
  t.is(
    refusalNow(() => rotated.verify(old.issue(USER, SESSION, NOW), NOW)),
    'accepted',
  );
  t.is(
    refusalNow(() => tokens.verify(rotated.issue(USER, SESSION, NOW), NOW)),
    'accepted',
  );
  t.is(
    refusalNow(() => old.verify(rotated.issue(USER, SESSION, NOW), NOW)),
    'unauthenticated',
  );
});

test('a ticket gives back exactly what it was made for, whatever the device is called', (t) => {
  const tickets = new Tickets(secrets.keys('ticket'));
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: limits.deviceCharactersMax }), (device) => {
      const text = tickets.issue({ userId: USER, sessionId: SESSION, device }, NOW);
      const ticket = tickets.verify(text, NOW);
      return (
        ticket.device === device && ticket.userId === USER && ticket.sessionId === SESSION && /^[\w.-]+$/.test(text)
      );
    }),
  );
  t.pass();
});

test('a ticket that is expired, cut, swapped or changed in any character is refused', (t) => {
  const tickets = new Tickets(secrets.keys('ticket'));
  const mine = tickets.issue({ userId: USER, sessionId: SESSION, device: 'mine' }, NOW);
  const yours = tickets.issue({ userId: USER, sessionId: SESSION, device: 'yours' }, NOW);
  const swapped = mine
    .split('.')
    .with(4, yours.split('.')[4] ?? '')
    .join('.');
  t.is(
    refusalNow(() => tickets.verify(mine, NOW + limits.ticketLifetimeMs - 1)),
    'accepted',
  );
  t.is(
    refusalNow(() => tickets.verify(mine, NOW + limits.ticketLifetimeMs)),
    'unauthenticated',
  );
  t.is(
    refusalNow(() => tickets.verify(swapped, NOW)),
    'unauthenticated',
  );
  t.is(
    refusalNow(() => tickets.verify(`${mine}.`, NOW)),
    'unauthenticated',
  );
  for (let length = 0; length < mine.length; length++) {
    t.is(
      refusalNow(() => tickets.verify(mine.slice(0, length), NOW)),
      'unauthenticated',
      `cut to ${length}`,
    );
    const other = mine[length] === 'A' ? 'B' : 'A';
    const changed = mine.slice(0, length) + other + mine.slice(length + 1);
    t.is(
      refusalNow(() => tickets.verify(changed, NOW)),
      'unauthenticated',
      `changed at ${length}`,
    );
  }
});

test('a ticket is refused in every other spelling of its characters', (t) => {
  const tickets = new Tickets(secrets.keys('ticket'));
  const text = tickets.issue({ userId: USER, sessionId: SESSION, device: 'mine' }, NOW);
  for (let place = 0; place < text.length; place++) {
    for (const added of [0x100, 0x200, 0x2000]) {
      const other = String.fromCharCode(text.charCodeAt(place) + added);
      const changed = text.slice(0, place) + other + text.slice(place + 1);
      t.is(
        refusalNow(() => tickets.verify(changed, NOW)),
        'unauthenticated',
        `changed at ${place}`,
      );
      // What was looked at before leaves nothing behind that could complete the next one.
      t.is(
        refusalNow(() => tickets.verify(text, NOW)),
        'accepted',
      );
    }
  }
});

test('a text signed for one purpose is nothing for another', (t) => {
  const refresh = new RefreshTokens(secrets.keys('refresh-token'));
  const tickets = new Tickets(secrets.keys('ticket'));
  const ticket = tickets.issue({ userId: USER, sessionId: SESSION, device: 'd' }, NOW);
  t.deepEqual(refresh.open(refresh.tokenFor(SESSION, 3)), { sessionId: SESSION, generation: 3 });
  t.is(
    refusalNow(() => refresh.open(ticket)),
    'unauthenticated',
  );
  t.is(
    refusalNow(() => tickets.verify(refresh.tokenFor(SESSION, 3), NOW)),
    'unauthenticated',
  );
  t.is(
    refusalNow(() => refresh.open(refresh.tokenFor(SESSION, 3).replace('.3.', '.4.'))),
    'unauthenticated',
  );
});
