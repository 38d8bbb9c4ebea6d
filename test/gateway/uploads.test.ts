import { readdir, mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { POST_ID, startGateway, until } from './support/harness.ts';
import { rawRequest } from './support/http-client.ts';

const authorization = { Authorization: 'Bearer token-ann-s1' };

test('bytes put to a signed URL are received, then completed', async (t) => {
  const node = await startGateway();
  const bytes = Buffer.alloc(3_000_000, 'photo');
  const url = `${node.origin}/v1/uploads/m1?signature=good`;
  const answer = await fetch(url, { method: 'PUT', body: bytes });
  t.is(answer.status, 204);
  t.true(node.uploads.kept.get('m1')?.equals(bytes));
  t.deepEqual(node.uploads.completed, ['m1']);
  t.deepEqual(node.limiter.taken, ['upload user:ann']);
  t.is((await fetch(url, { method: 'PUT', body: bytes })).status, 409);
  t.is((await fetch(`${node.origin}/v1/uploads/m1?signature=bad`, { method: 'PUT', body: 'x' })).status, 403);
  await node.close();
});

test('an upload over the limit is refused, announced or not', async (t) => {
  const node = await startGateway({ limits: { photoBytesMax: 100_000 } });
  const url = `${node.origin}/v1/uploads/m1?signature=good`;
  const announced = await fetch(url, { method: 'PUT', body: Buffer.alloc(200_000) });
  t.is(announced.status, 413);
  t.like(await announced.json(), { code: 'payload-too-large' });
  const { socket, received } = await rawRequest(
    node.gateway.port,
    'PUT /v1/uploads/m1?signature=good HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n',
  );
  for (let count = 0; count < 3; count++) socket.write(`c350\r\n${'x'.repeat(50_000)}\r\n`);
  await until(() => received().includes('HTTP/1.1 413'), 'the refusal');
  socket.destroy();
  t.is(node.uploads.kept.size, 0);
  await node.close();
});

test('of an upload that is broken off nothing is kept', async (t) => {
  const node = await startGateway();
  const { socket } = await rawRequest(
    node.gateway.port,
    `PUT /v1/uploads/m1?signature=good HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n${'x'.repeat(100_000)}`,
  );
  await until(() => node.limiter.taken.length === 1, 'the upload has begun');
  socket.destroy();
  await until(() => node.uploads.brokenOff === 1, 'the end of the upload');
  t.is(node.uploads.kept.size, 0);
  t.deepEqual(node.uploads.completed, []);
  await node.close();
});

test('more uploads at once than allowed are refused as overloaded', async (t) => {
  const node = await startGateway({ limits: { uploadsConcurrent: 1 } });
  const head = 'PUT /v1/uploads/m1?signature=good HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nx';
  const { socket } = await rawRequest(node.gateway.port, head);
  await until(() => node.limiter.taken.length === 1, 'the upload has begun');
  const answer = await fetch(`${node.origin}/v1/uploads/m2?signature=good`, { method: 'PUT', body: 'x' });
  t.is(answer.status, 503);
  t.is(answer.headers.get('retry-after'), '1');
  socket.destroy();
  await node.close();
});

function form(photos: readonly Buffer[], texts: Record<string, string> = {}): FormData {
  const data = new FormData();
  for (const [index, photo] of photos.entries()) {
    data.append('photo', new Blob([photo], { type: 'image/jpeg' }), `../../${index}.jpg`);
  }
  for (const [name, value] of Object.entries(texts)) data.append(name, value);
  return data;
}

test('one form with photos and words becomes a post, whatever the order of its parts', async (t) => {
  const node = await startGateway();
  const photos = [Buffer.alloc(2_000_000, 1), Buffer.alloc(10, 2)];
  const answer = await fetch(`${node.origin}/v1/photos`, {
    method: 'POST',
    headers: { ...authorization, 'Idempotency-Key': 'form-1' },
    body: form(photos, { caption: 'Sunset', altText: 'the sea' }),
  });
  t.is(answer.status, 201);
  t.like(await answer.json(), { id: POST_ID, uploadStatus: 'processing' });
  t.is(answer.headers.get('location'), `/v1/posts/${POST_ID}`);
  t.deepEqual(node.drafts, [
    {
      authorId: 'ann',
      key: 'form-1',
      input: {
        caption: 'Sunset',
        photos: [
          { contentType: 'image/jpeg', altText: 'the sea' },
          { contentType: 'image/jpeg', altText: '' },
        ],
      },
    },
  ]);
  t.true(node.uploads.kept.get('medium0')?.equals(photos[0] ?? Buffer.alloc(0)));
  t.deepEqual(node.uploads.completed, ['medium0', 'medium1']);
  t.deepEqual(await readdir(node.spoolDir), []);
  await node.close();
});

test('the same form under the same key again answers the same post', async (t) => {
  const node = await startGateway();
  const submit = () =>
    fetch(`${node.origin}/v1/photos`, {
      method: 'POST',
      headers: { ...authorization, 'Idempotency-Key': 'k' },
      body: form([Buffer.from('x')]),
    });
  t.is((await submit()).status, 201);
  t.is((await submit()).status, 201);
  t.deepEqual(node.uploads.completed, ['medium0']);
  await node.close();
});

test('forms that are not as documented are refused, and leave no file', async (t) => {
  const node = await startGateway({ limits: { photoBytesMax: 1000, photosPerPostMax: 2, captionCharactersMax: 20 } });
  const submit = (body: FormData | string, headers: Record<string, string> = {}) =>
    fetch(`${node.origin}/v1/photos`, { method: 'POST', headers: { ...authorization, ...headers }, body });
  const small = Buffer.from('x');
  const cases: [string, Promise<Response>, number][] = [
    ['no photo', submit(form([], { caption: 'x' })), 400],
    ['too many photos', submit(form([small, small, small])), 400],
    ['a photo too large', submit(form([Buffer.alloc(1500)])), 413],
    ['a caption too large', submit(form([small], { caption: 'x'.repeat(200) })), 400],
    ['no boundary', submit('x', { 'Content-Type': 'multipart/form-data' }), 400],
    ['JSON', submit('{}', { 'Content-Type': 'application/json' }), 400],
    [
      'cut short',
      submit('--b\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\nxx', {
        'Content-Type': 'multipart/form-data; boundary=b',
      }),
      400,
    ],
    ['nobody signed in', submit(form([small]), { Authorization: '' }), 401],
  ];
  for (const [name, pending, status] of cases) t.is((await pending).status, status, name);
  t.deepEqual(node.drafts, []);
  t.deepEqual(await readdir(node.spoolDir), []);
  await node.close();
});

test('a form that is broken off leaves no file', async (t) => {
  const node = await startGateway();
  const { socket } = await rawRequest(
    node.gateway.port,
    `POST /v1/photos HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer token-ann-s1\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 90000\r\n\r\n--b\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\n${'x'.repeat(50_000)}`,
  );
  const files = async () => (await readdir(node.spoolDir)).length;
  while ((await files()) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  socket.destroy();
  while ((await files()) > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  t.deepEqual(node.drafts, []);
  await node.close();
});

test('the page is served from memory, compressed, with a strict policy, for every path of its own', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'page-'));
  await mkdir(join(root, 'assets'));
  await writeFile(join(root, 'index.html'), `<!doctype html><title>page</title>${' '.repeat(1000)}`);
  await writeFile(join(root, 'assets/main-ABCDEF12.js'), `console.log(1);${' '.repeat(1000)}`);
  const node = await startGateway({ overrides: { webRoot: root } });
  for (const path of ['/', '/index.html', '/u/ann', '/p/0123']) {
    const page = await fetch(node.origin + path);
    t.is(page.status, 200, path);
    t.regex(await page.text(), /<title>page/, path);
    t.regex(page.headers.get('content-security-policy') ?? '', /script-src 'self'/, path);
    t.is(page.headers.get('cache-control'), 'no-cache');
  }
  const script = await fetch(`${node.origin}/assets/main-ABCDEF12.js`, { headers: { 'Accept-Encoding': 'gzip, br' } });
  t.is(script.headers.get('cache-control'), 'public, max-age=31536000, immutable');
  t.is(script.headers.get('content-encoding'), 'br');
  const tag = script.headers.get('etag') ?? '';
  t.is((await fetch(script.url, { headers: { 'If-None-Match': tag } })).status, 304);
  for (const path of ['/assets/none.js', '/v1/none', '/../package.json', '/..%2fpackage.json']) {
    t.is((await fetch(node.origin + path)).status, 404, path);
  }
  await node.close();
  await rm(root, { recursive: true });
});
