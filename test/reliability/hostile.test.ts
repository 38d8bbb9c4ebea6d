import { createHmac } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import test from 'ava';
import sharp from 'sharp';
import type WebSocket from 'ws';
import { call, Person } from '../blackbox/api.ts';
import { Phone } from '../blackbox/phone.ts';
import { smallPhotograph } from '../support/photographs.ts';
import { type RunningServer, startServer, temporaryFolder } from '../support/server-process.ts';
import { waitFor } from '../support/wait-for.ts';

let server: RunningServer;
let folder: { path: string; remove(): Promise<void> };
let witness: Person;

test.before(async () => {
  folder = await temporaryFolder('hostile');
  server = await startServer({ dataDir: folder.path });
  witness = await Person.register(server.url, 'witness');
});
test.after.always(async () => {
  await server.end('SIGTERM');
  await folder.remove();
});
test.afterEach('the server still serves', async (t) => {
  t.is((await witness.call('GET', '/v1/me')).status, 200);
});

interface ProblemBody {
  readonly type: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
}

function isProblem(
  t: { true(value: boolean, message?: string): void },
  answer: { status: number; headers: Headers; body: ProblemBody },
  status: number,
): void {
  t.true(answer.status === status, `answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  t.true((answer.headers.get('content-type') ?? '').startsWith('application/problem+json'));
  t.true(answer.body.type.startsWith('urn:shutterline:error:'));
  t.true(answer.body.status === status);
}

const malformedBodies = [
  '{',
  '[]',
  'null',
  '"text"',
  '{"username":',
  '\u0000',
  '{"a":1}{"b":2}',
  `{"x":${'['.repeat(5000)}`,
  '{"__proto__":{"admin":true}}',
];
for (const body of malformedBodies) {
  test.serial(`malformed JSON ${JSON.stringify(body.slice(0, 24))} is refused`, async (t) => {
    const response = await fetch(`${server.url}/v1/register`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    const answer = { status: response.status, headers: response.headers, body: (await response.json()) as ProblemBody };
    isProblem(t, answer, 400);
  });
}

function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function forgedTokens(real: string): Record<string, string> {
  const [head, payload, signature] = real.split('.') as [string, string, string];
  const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as Record<string, unknown>;
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
  const sign = (left: string, right: string, key: string): string =>
    `${left}.${right}.${createHmac('sha256', key).update(`${left}.${right}`).digest('base64url')}`;
  return {
    'algorithm none': `${base64url({ ...header, alg: 'none' })}.${payload}.`,
    'wrong key': sign(head, payload, 'not the key'),
    'other claims, old signature': `${head}.${base64url({ ...claims, sub: '0000000000000' })}.${signature}`,
    expired: sign(head, base64url({ ...claims, exp: 1 }), ''),
    'no signature': `${head}.${payload}.`,
    'not a token': 'aaaa',
    'three dots': '...',
    empty: '',
    'a long one': 'a'.repeat(3000),
  };
}

test.serial('forged and broken access tokens are refused, by REST and by WebSocket', async (t) => {
  for (const [name, token] of Object.entries(forgedTokens(witness.accessToken))) {
    const answer = await call<ProblemBody>(`${server.url}/v1/me`, 'GET', {
      headers: { authorization: `Bearer ${token}` },
    });
    t.is(answer.status, 401, name);
    t.is(answer.body.code, 'unauthenticated', name);
    const phone = new Phone(Object.assign(Object.create(Person.prototype) as Person, witness, { accessToken: token }));
    const error = await t.throwsAsync(phone.connect(), undefined, name);
    t.regex(error.message, /closed with 44(00|01)/, name);
  }
});

test.serial('unknown and malformed messages close the connection with a documented code', async (t) => {
  const frames = [
    '{',
    'null',
    '[]',
    '{"t":"nope"}',
    '{"t":"ack"}',
    '{"t":"ack","seq":-1}',
    '{"t":"ack","seq":9e99}',
    '{"t":"ack","seq":999999}',
    '{"t":"hello"}',
  ];
  frames.push(
    '{"t":"op","id":1}',
    '{"t":"watch","topics":"post:1"}',
    '{"t":"watch","topics":[1]}',
    JSON.stringify({ t: 'op', id: 'x', op: '__proto__' }),
  );
  for (const frame of frames) {
    const phone = new Phone(witness, { device: `bad ${frame}`.slice(0, 20) });
    await phone.connect();
    const socket = Reflect.get(phone, 'socket') as WebSocket;
    const answered = new Promise<string>((resolve) => {
      socket.on('close', (code) => resolve(`closed ${code}`));
      socket.on('message', (data) => {
        const message = JSON.parse((data as Buffer).toString()) as { t: string; ok?: boolean };
        if (message.t === 'result' && message.ok === false) resolve('refused');
        if (message.t === 'error') resolve('refused');
      });
    });
    socket.send(frame);
    t.regex(await answered, /^(closed 44\d\d|refused)$/, frame);
    phone.cut();
  }
});

test.serial('oversized frames and bodies are refused', async (t) => {
  const phone = new Phone(witness, { device: 'large' });
  await phone.connect();
  const socket = Reflect.get(phone, 'socket') as WebSocket;
  const closed = new Promise((resolve) => socket.on('close', resolve));
  socket.on('error', () => {});
  socket.send('x'.repeat(70_000));
  await closed;
  const answer = await witness.call<ProblemBody>('POST', '/v1/posts', { body: { caption: 'x'.repeat(600_000) } });
  isProblem(t, answer, 413);
  const draft = await witness.expect<{ uploadUrl: string }>(201, 'POST', '/v1/posts', { body: { caption: 'large' } });
  const upload = await call<ProblemBody>(draft.uploadUrl, 'PUT', {
    raw: Buffer.concat([await smallPhotograph(1), Buffer.alloc(9 * 1024 * 1024)]),
  });
  isProblem(t, upload, 413);
});

test.serial('an upload that is broken off leaves nothing behind, and the post can still be uploaded', async (t) => {
  const draft = await witness.expect<{ postId: string; uploadUrl: string }>(201, 'POST', '/v1/posts', {
    body: { caption: 'again' },
  });
  const url = new URL(draft.uploadUrl);
  for (let round = 0; round < 20; round++) {
    const socket = connect(Number(url.port), url.hostname);
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.write(`PUT ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nContent-Length: 500000\r\n\r\n`);
    socket.write((await smallPhotograph(round)).subarray(0, 300));
    socket.destroy();
  }
  t.true((await call(draft.uploadUrl, 'PUT', { raw: await smallPhotograph(3) })).status < 300);
  await waitFor(
    'the post',
    async () =>
      (await witness.expect<{ uploadStatus: string }>(200, 'GET', `/v1/posts/${draft.postId}`)).uploadStatus ===
      'complete',
  );
});

async function hostileFiles(): Promise<Record<string, Buffer>> {
  const jpeg = await smallPhotograph(1);
  const bomb = await sharp({
    create: { width: 9000, height: 9000, channels: 3, background: '#000' },
    limitInputPixels: false,
  })
    .png({ compressionLevel: 9 })
    .toBuffer();
  const lying = Buffer.from(jpeg);
  lying.fill(0xff, 30, 200);
  return {
    'a decompression bomb': bomb,
    'cut in half': jpeg.subarray(0, jpeg.length / 2),
    'a header and nothing': jpeg.subarray(0, 20),
    'broken in the middle': lying,
    'text named jpg': Buffer.from('hello '.repeat(500)),
    svg: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'),
    html: Buffer.from('<!doctype html><script>alert(1)</script>'),
    zip: Buffer.from('504b0304140000000800', 'hex'),
    gif: Buffer.from('474946383961ffffffff80000000', 'hex'),
    zeros: Buffer.alloc(4000),
    empty: Buffer.alloc(0),
  };
}

test.serial(
  'files that are not photographs are refused at once or failed with a reason, and quarantined',
  async (t) => {
    t.timeout(120_000);
    for (const [name, bytes] of Object.entries(await hostileFiles())) {
      const draft = await witness.expect<{ postId: string; uploadUrl: string }>(201, 'POST', '/v1/posts', {
        body: { caption: name },
      });
      const answer = await call<ProblemBody>(draft.uploadUrl, 'PUT', { raw: bytes });
      if (answer.status >= 400) {
        t.true([413, 415, 422, 409].includes(answer.status), `${name}: ${answer.status}`);
        continue;
      }
      const failed = await waitFor(
        `${name} to fail`,
        async () => {
          const post = await witness.expect<{ uploadStatus: string; photos: { failureReason: string | null }[] }>(
            200,
            'GET',
            `/v1/posts/${draft.postId}`,
          );
          return post.uploadStatus === 'failed' ? post : null;
        },
        60_000,
      );
      t.truthy(failed.photos[0]?.failureReason, name);
    }
  },
);

test.serial('path tricks reach no file outside', async (t) => {
  const paths = [
    '/media/../../etc/passwd',
    '/media/..%2f..%2fetc%2fpasswd',
    '/media/%2e%2e/%2e%2e/secret',
    '/..%5c..%5csecret',
    '/media/secret',
    '/%00',
    '/media/',
    '/assets/../../package.json',
  ];
  for (const path of paths) {
    const text = await rawGet(path);
    t.notRegex(text, /root:|"dependencies"/, path);
  }
});

async function rawGet(path: string): Promise<string> {
  const url = new URL(server.url);
  const socket = connect(Number(url.port), url.hostname);
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString();
  });
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${url.host}\r\nConnection: close\r\n\r\n`);
  await Promise.race([
    new Promise((resolve) => socket.once('close', resolve)),
    new Promise((resolve) => setTimeout(resolve, 500)),
  ]);
  socket.destroy();
  return text;
}

test.serial('thousands of half-open sockets cost little, keep nobody out, and are closed', async (t) => {
  t.timeout(120_000);
  const url = new URL(server.url);
  const sockets: Socket[] = [];
  for (let index = 0; index < 3_000; index++) {
    const socket = connect({ port: Number(url.port), host: url.hostname, localAddress: `127.0.0.${2 + (index % 3)}` });
    socket.on('error', () => {});
    sockets.push(socket);
    if (index % 200 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    if (index % 3 === 0) socket.write('GET /v1/live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n');
    if (index % 3 === 1)
      socket.write(
        `GET /v1/live HTTP/1.1\r\nHost: ${url.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: shutterline.v1\r\n\r\n`,
      );
  }
  t.is((await witness.call('GET', '/v1/me')).status, 200);
  const phone = new Phone(witness, { device: 'honest' });
  await phone.connect();
  await waitFor(
    'the half-open ones to be closed',
    () => sockets.filter((socket) => socket.destroyed || socket.closed).length >= 2_000,
    60_000,
  );
  t.true(phone.connected);
  phone.cut();
  for (const socket of sockets) socket.destroy();
});
