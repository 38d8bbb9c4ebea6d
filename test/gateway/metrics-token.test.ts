import test from 'ava';
import { startGateway } from './support/harness.ts';

const TOKEN = 'scrape-me-if-you-can';

test('with a token set, /metrics is for whoever sends it, and health stays open', async (t) => {
  const node = await startGateway({ overrides: { metricsToken: TOKEN } });
  const statusFor = async (headers: Record<string, string>): Promise<number> =>
    (await fetch(`${node.origin}/metrics`, { headers })).status;
  t.is(await statusFor({ Authorization: `Bearer ${TOKEN}` }), 200);
  const refused = [
    {},
    { Authorization: 'Bearer scrape-me-if-you-cannot' },
    { Authorization: 'Bearer token-ann-s1' },
    { Authorization: `Basic ${TOKEN}` },
    { Authorization: TOKEN },
  ];
  for (const headers of refused) t.is(await statusFor(headers), 401, JSON.stringify(headers));
  const answer = await fetch(`${node.origin}/metrics?token=${TOKEN}`);
  t.false((await answer.text()).includes('shutterline_'));
  t.is((await fetch(`${node.origin}/metrics`, { method: 'HEAD' })).status, 401);
  t.is((await fetch(`${node.origin}/health/live`)).status, 200);
  t.is((await fetch(`${node.origin}/health/ready`)).status, 200);
  await node.close();
});

test('without a token set, /metrics is open', async (t) => {
  const node = await startGateway();
  t.is((await fetch(`${node.origin}/metrics`)).status, 200);
  await node.close();
});
