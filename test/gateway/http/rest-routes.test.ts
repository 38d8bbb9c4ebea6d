import test from 'ava';
import { z } from 'zod';
import type { Authenticator } from '../../../src/gateway/auth/accounts.ts';
import type { HttpRequest } from '../../../src/gateway/http/exchange.ts';
import { restRoutes } from '../../../src/gateway/http/rest-routes.ts';
import { defineOperation } from '../../../src/gateway/operation.ts';
import type { OperationOutcome, OperationRunner } from '../../../src/gateway/run-operation.ts';
import { limits } from '../../../src/limits.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const command = defineOperation({
  name: 'test.tell',
  summary: 'Makes something known.',
  method: 'POST',
  paths: ['/v1/tell'],
  auth: 'stranger',
  rate: 'write',
  status: 200,
  input: z.object({}),
  output: z.object({}),
  handle: async () => ({}),
});

const request: HttpRequest = {
  method: 'POST',
  path: '/v1/tell',
  query: '',
  headers: new Map(),
  clientAddress: '127.0.0.1',
  requestId: 'r',
  body: {
    fail() {},
    whole: () => Promise.resolve(Buffer.from('{}')),
    [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
  },
};

test('what a command makes known leaves in the next turn, and its caller is answered behind it', async (t) => {
  const order: string[] = [];
  const run = async (): Promise<OperationOutcome> => {
    setImmediate(() => order.push('frames'));
    return { ok: true, output: {}, quota: { allowed: true, limit: 1, remaining: 1, resetMs: 0 } };
  };
  const [route] = restRoutes({
    operations: [command],
    runner: { run } as unknown as OperationRunner,
    authenticator: {} as Authenticator,
    clock: new ManualClock(),
    limits,
  });
  const answer = await route?.handle(request, {});
  order.push('answer');
  t.is(answer?.status, 200);
  t.deepEqual(order, ['frames', 'answer']);
});
