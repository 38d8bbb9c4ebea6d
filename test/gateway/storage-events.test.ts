import test from 'ava';
import { Problem } from '../../src/errors.ts';
import type { Services } from '../../src/gateway/services.ts';
import { startGateway } from './support/harness.ts';

const SECRET = 'a-secret-of-at-least-32-characters';

async function world(t: { teardown(release: () => Promise<void>): void }, secret: string | null = SECRET) {
  const arrived: string[] = [];
  const state = { isAway: false };
  const uploads = {
    async arrived(key: string) {
      if (state.isAway) throw new Problem('unavailable');
      arrived.push(key);
    },
  };
  const arrivals = (notification: unknown): string[] => (notification as { keys?: string[] }).keys ?? [];
  const gateway = await startGateway({
    overrides: {
      storageEvents: secret === null ? null : { secret, arrivals },
      services: { uploads } as unknown as Services,
    },
  });
  t.teardown(() => gateway.close());
  const tell = async (body: string, authorization?: string): Promise<number> => {
    const headers = { 'content-type': 'application/json', ...(authorization === undefined ? {} : { authorization }) };
    return (await fetch(`${gateway.origin}/v1/storage-events`, { method: 'POST', headers, body })).status;
  };
  return { arrived, state, tell };
}

test('a notification with the secret completes what arrived, and telling it again is fine', async (t) => {
  const { arrived, tell } = await world(t);
  const body = JSON.stringify({ keys: ['a', 'b'] });
  t.is(await tell(body, `Bearer ${SECRET}`), 204);
  t.is(await tell(body, `Bearer ${SECRET}`), 204);
  t.deepEqual(arrived, ['a', 'b', 'a', 'b']);
  t.is(await tell('{}', `Bearer ${SECRET}`), 204);
});

test('nobody without the secret is believed, and there is no such path without one', async (t) => {
  const { arrived, tell } = await world(t);
  const body = JSON.stringify({ keys: ['a'] });
  for (const authorization of [undefined, 'Bearer wrong', SECRET, `Bearer ${SECRET}x`, 'Bearer ']) {
    t.is(await tell(body, authorization), 401, authorization);
  }
  t.deepEqual(arrived, []);
  const without = await world(t, null);
  t.is(await without.tell(body, `Bearer ${SECRET}`), 404);
});

test('while the store is away the sender is told to tell it again', async (t) => {
  const { arrived, state, tell } = await world(t);
  state.isAway = true;
  t.is(await tell(JSON.stringify({ keys: ['a'] }), `Bearer ${SECRET}`), 503);
  state.isAway = false;
  t.is(await tell(JSON.stringify({ keys: ['a'] }), `Bearer ${SECRET}`), 204);
  t.deepEqual(arrived, ['a']);
});
