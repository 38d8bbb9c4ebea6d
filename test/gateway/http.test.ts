import test from 'ava';
import { startGateway, until } from './support/harness.ts';
import { post, rawRequest, text } from './support/http-client.ts';

test('an operation answers with its status, quota headers and request id', async (t) => {
  const node = await startGateway();
  const answer = await post(
    `${node.origin}/v1/echo`,
    { text: 'hi' },
    { 'Idempotency-Key': 'k-1', 'X-Request-Id': 'caller-0001' },
  );
  t.is(answer.status, 201);
  t.deepEqual(await answer.json(), { text: 'hi', key: 'k-1', user: 'ann' });
  t.is(answer.headers.get('ratelimit-limit'), '1000');
  t.is(answer.headers.get('ratelimit-reset'), '3');
  t.is(answer.headers.get('x-request-id'), 'caller-0001');
  t.is(answer.headers.get('x-content-type-options'), 'nosniff');
  t.deepEqual(node.limiter.taken, ['write user:ann']);
  await node.close();
});

test('pages carry an ETag and a link to the next; an unchanged page is 304; HEAD has no body', async (t) => {
  const node = await startGateway();
  const url = `${node.origin}/v1/items/b%20c?limit=1`;
  const answer = await fetch(url);
  t.like(await answer.json(), { items: ['b c-start-0'], nextCursor: 'next page' });
  t.is(answer.headers.get('link'), '</v1/items/b%20c?limit=1&cursor=next+page>; rel="next"');
  const etag = answer.headers.get('etag') ?? '';
  const again = await fetch(url, { headers: { 'If-None-Match': etag } });
  t.is(again.status, 304);
  t.is(await again.text(), '');
  const head = await fetch(url, { method: 'HEAD' });
  t.is(head.status, 200);
  t.true(Number(head.headers.get('content-length')) > 10);
  const last = await fetch(`${node.origin}/v1/items/b?cursor=x`);
  t.is(last.headers.get('link'), null);
  await node.close();
});

interface Refusal {
  readonly name: string;
  readonly path: string;
  readonly init?: RequestInit;
  readonly status: number;
  readonly code: string;
}

const signedIn = { Authorization: 'Bearer token-ann-s1', 'Content-Type': 'application/json' };
const refusals: readonly Refusal[] = [
  { name: 'an unknown path', path: '/v1/nothing', status: 404, code: 'not-found' },
  { name: 'an unknown path, posted to', path: '/nothing', init: { method: 'POST' }, status: 404, code: 'not-found' },
  { name: 'a wrong method', path: '/v1/echo', init: { method: 'PUT' }, status: 405, code: 'method-not-allowed' },
  {
    name: 'nobody signed in',
    path: '/v1/echo',
    init: { method: 'POST', body: '{}' },
    status: 401,
    code: 'unauthenticated',
  },
  {
    name: 'a wrong token',
    path: '/v1/items/x',
    init: { headers: { Authorization: 'Bearer x' } },
    status: 401,
    code: 'unauthenticated',
  },
  {
    name: 'another scheme',
    path: '/v1/items/x',
    init: { headers: { Authorization: 'Basic eDp4' } },
    status: 401,
    code: 'unauthenticated',
  },
  {
    name: 'malformed JSON',
    path: '/v1/echo',
    init: { method: 'POST', body: '{"text":', headers: signedIn },
    status: 400,
    code: 'invalid-request',
  },
  {
    name: 'a JSON list',
    path: '/v1/echo',
    init: { method: 'POST', body: '[]', headers: signedIn },
    status: 400,
    code: 'invalid-request',
  },
  {
    name: 'another content type',
    path: '/v1/echo',
    init: { method: 'POST', body: 'a=b', headers: { ...signedIn, 'Content-Type': 'text/plain' } },
    status: 400,
    code: 'invalid-request',
  },
  {
    name: 'a wrong field',
    path: '/v1/echo',
    init: { method: 'POST', body: '{"text":7}', headers: signedIn },
    status: 400,
    code: 'invalid-request',
  },
  { name: 'a wrong query', path: '/v1/items/x?limit=many', status: 400, code: 'invalid-request' },
  { name: 'a broken percent sign', path: '/v1/items/%E0%A4%A', status: 400, code: 'invalid-request' },
  {
    name: 'a long idempotency key',
    path: '/v1/echo',
    init: { method: 'POST', body: '{"text":"x"}', headers: { ...signedIn, 'Idempotency-Key': 'x'.repeat(129) } },
    status: 400,
    code: 'invalid-request',
  },
  {
    name: 'our own mistake',
    path: '/v1/echo',
    init: { method: 'POST', body: '{"text":"boom"}', headers: signedIn },
    status: 500,
    code: 'internal',
  },
];

test('refusals are problem documents', async (t) => {
  const node = await startGateway();
  for (const { name, path, init, status, code } of refusals) {
    const answer = await fetch(`${node.origin}${path}`, init);
    const body = (await answer.json()) as Record<string, unknown>;
    t.is(answer.status, status, name);
    t.is(answer.headers.get('content-type'), 'application/problem+json', name);
    t.like(body, { code, status, type: `urn:shutterline:error:${code}` }, name);
    t.is(body['requestId'], answer.headers.get('x-request-id'), name);
    t.false(JSON.stringify(body).includes('secret internals'));
  }
  const wrongMethod = await fetch(`${node.origin}/v1/echo`);
  t.is(wrongMethod.headers.get('allow'), 'OPTIONS, POST');
  await node.close();
});

test('a wrong field is named', async (t) => {
  const node = await startGateway();
  const answer = await post(`${node.origin}/v1/echo`, { text: 'much too long' });
  t.like(await answer.json(), { errors: [{ field: 'text' }] });
  await node.close();
});

test('an exhausted bucket is 429 with Retry-After', async (t) => {
  const node = await startGateway();
  node.limiter.remaining = 0;
  const answer = await fetch(`${node.origin}/v1/items/x`);
  t.is(answer.status, 429);
  t.is(answer.headers.get('retry-after'), '3');
  t.is(answer.headers.get('ratelimit-remaining'), '0');
  t.like(await answer.json(), { code: 'rate-limited', retryable: true, retryAfterMs: 2500 });
  await node.close();
});

test('an operation that takes too long is a time-out with unknown outcome', async (t) => {
  const node = await startGateway({ limits: { operationTimeoutMs: 30 } });
  const answer = await post(`${node.origin}/v1/echo`, { text: 'x', slowMs: 500 });
  t.is(answer.status, 504);
  t.like(await answer.json(), { code: 'timeout', retryable: true });
  await node.close();
});

test('a body over the limit is refused, announced or not', async (t) => {
  const node = await startGateway({ limits: { bodyBytesMax: 1000 } });
  const announced = await post(`${node.origin}/v1/echo`, { text: 'x'.repeat(5000) });
  t.is(announced.status, 413);
  const chunk = 'x'.repeat(600);
  const { socket, received } = await rawRequest(
    node.gateway.port,
    'POST /v1/echo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer token-ann-s1\r\nTransfer-Encoding: chunked\r\n\r\n',
  );
  for (let count = 0; count < 3; count++) socket.write(`258\r\n${chunk}\r\n`);
  await until(() => received().includes('HTTP/1.1 413'), 'the refusal');
  socket.destroy();
  await node.close();
  t.pass();
});

test('a body that does not arrive in time is refused; a client that goes is forgotten', async (t) => {
  const node = await startGateway({ limits: { requestBodyTimeoutMs: 50 } });
  const head =
    'POST /v1/echo HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer token-ann-s1\r\nContent-Length: 100\r\n\r\n{';
  const slow = await rawRequest(node.gateway.port, head);
  await until(() => slow.received().includes('HTTP/1.1 504'), 'the time-out');
  slow.socket.destroy();
  const gone = await rawRequest(node.gateway.port, head);
  gone.socket.destroy();
  t.is((await post(`${node.origin}/v1/echo`, { text: 'x' })).status, 201);
  await node.close();
});

test('permitted origins get CORS headers, others get none', async (t) => {
  const node = await startGateway();
  const from = (origin: string, method = 'GET') =>
    fetch(`${node.origin}/v1/items/x`, { method, headers: { Origin: origin } });
  const allowed = await from('https://app.example');
  t.is(allowed.headers.get('access-control-allow-origin'), 'https://app.example');
  t.true(allowed.headers.get('access-control-expose-headers')?.includes('ETag'));
  t.is((await from('https://evil.example')).headers.get('access-control-allow-origin'), null);
  const preflight = await from('https://app.example', 'OPTIONS');
  t.is(preflight.status, 204);
  t.is(preflight.headers.get('access-control-allow-methods'), 'GET, HEAD, OPTIONS');
  t.true(preflight.headers.get('access-control-allow-headers')?.includes('Idempotency-Key'));
  const refused = await from('https://evil.example', 'OPTIONS');
  t.is(refused.headers.get('access-control-allow-methods'), null);
  await node.close();
});

test('the client address is the proxy’s word only as far as proxies are trusted', async (t) => {
  const addressWith = async (trustProxy: number) => {
    const node = await startGateway({ overrides: { trustProxy } });
    const headers = { 'X-Forwarded-For': '6.6.6.6, 1.2.3.4, 5.6.7.8' };
    const answer = await fetch(`${node.origin}/v1/items/x`, { headers });
    const body = (await answer.json()) as { address: string };
    await node.close();
    return body.address;
  };
  t.regex(await addressWith(0), /^127\.0\.0\.1$|ffff:7f00:0001$/);
  t.is(await addressWith(1), '5.6.7.8');
  t.is(await addressWith(2), '1.2.3.4');
});

test('health, metrics and the OpenAPI document', async (t) => {
  let ok = true;
  const node = await startGateway({
    overrides: { ready: async () => ({ ok, checks: { store: ok ? 'ok' : 'does not answer' } }) },
  });
  t.is((await fetch(`${node.origin}/health/live`)).status, 200);
  t.is((await fetch(`${node.origin}/health/ready`)).status, 200);
  ok = false;
  const unready = await fetch(`${node.origin}/health/ready`);
  t.is(unready.status, 503);
  t.deepEqual(await unready.json(), { ok: false, checks: { store: 'does not answer' } });
  t.regex(await text(`${node.origin}/metrics`), /shutterline_connections 0/);
  t.is(await text(`${node.origin}/openapi.json`), '{"openapi":"3.1.0"}');
  await node.close();
});

test('pictures: whole, in ranges, conditional, and only what may be served', async (t) => {
  const node = await startGateway();
  const bytes = Buffer.from(Array.from({ length: 300_000 }, (_, index) => index % 251));
  node.blobs.put('m/abc/640.jpg', bytes);
  node.blobs.put('m/abc/original', bytes);
  node.blobs.put('m/abc/150.jpg', bytes, { state: 'temporary' });
  node.blobs.put('m/abc/page', bytes, { contentType: 'text/html' });
  const url = `${node.origin}/media/m/abc/640.jpg`;
  const whole = await fetch(url);
  t.deepEqual(Buffer.from(await whole.arrayBuffer()), bytes);
  t.is(whole.headers.get('content-type'), 'image/jpeg');
  t.is(whole.headers.get('cache-control'), 'public, max-age=86400');
  t.regex(whole.headers.get('content-security-policy') ?? '', /sandbox/);
  const cases: [string, number, Buffer, string | null][] = [
    ['bytes=0-9', 206, bytes.subarray(0, 10), 'bytes 0-9/300000'],
    ['bytes=299990-', 206, bytes.subarray(299_990), 'bytes 299990-299999/300000'],
    ['bytes=-5', 206, bytes.subarray(-5), 'bytes 299995-299999/300000'],
    ['bytes=300000-', 416, Buffer.alloc(0), 'bytes */300000'],
    ['bytes=5-1', 200, bytes, null],
    ['lines=1-2', 200, bytes, null],
  ];
  for (const [range, status, expected, contentRange] of cases) {
    const part = await fetch(url, { headers: { Range: range } });
    t.is(part.status, status, range);
    t.is(part.headers.get('content-range'), contentRange, range);
    t.true(Buffer.from(await part.arrayBuffer()).equals(expected), range);
  }
  t.is((await fetch(url, { headers: { 'If-None-Match': whole.headers.get('etag') ?? '' } })).status, 304);
  t.is((await fetch(url, { method: 'HEAD' })).headers.get('content-length'), '300000');
  for (const key of [
    'm/abc/original',
    'm/abc/150.jpg',
    'm/abc/page',
    'm/none',
    '..%2f..%2fetc/passwd',
    'm//x',
    'M/X',
  ]) {
    t.is((await fetch(`${node.origin}/media/${key}`)).status, 404, key);
  }
  await node.close();
});

test('a picture reaches a reader that pauses, whole', async (t) => {
  const node = await startGateway();
  const bytes = Buffer.alloc(12_000_000, 7);
  node.blobs.put('m/large.jpg', bytes);
  const { socket, received } = await rawRequest(
    node.gateway.port,
    'GET /media/m/large.jpg HTTP/1.1\r\nHost: a\r\n\r\n',
  );
  let count = 0;
  socket.on('data', (chunk) => {
    count += chunk.length;
  });
  socket.pause();
  await post(`${node.origin}/v1/echo`, { text: 'x' });
  socket.resume();
  await until(() => count > bytes.length, 'all bytes');
  t.is(count - received().indexOf('\r\n\r\n') - 4, bytes.length);
  socket.destroy();
  await node.close();
});

test('a token that has expired keeps nobody from signing in', async (t) => {
  const node = await startGateway();
  const answer = await post(`${node.origin}/v1/enter`, { password: 'x' }, { Authorization: 'Bearer expired' });
  t.is(answer.status, 200);
  t.deepEqual(await answer.json(), { stranger: true });
  const signedIn = await post(`${node.origin}/v1/enter`, { password: 'x' });
  t.deepEqual(await signedIn.json(), { stranger: true });
  await node.close();
});

test('what an operation with a body is told never comes from the query', async (t) => {
  const node = await startGateway();
  const answer = await post(`${node.origin}/v1/enter?password=x`, {});
  t.is(answer.status, 400);
  t.like(await answer.json(), { code: 'invalid-request', errors: [{ field: 'password' }] });
  await node.close();
});
