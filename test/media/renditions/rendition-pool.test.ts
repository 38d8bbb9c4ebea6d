import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import test from 'ava';
import sharp from 'sharp';
import { systemClock } from '../../../src/clock.ts';
import type { RenderedPhoto } from '../../../src/media/renditions/rendition-messages.ts';
import { RenditionPool, type RenditionPoolOptions } from '../../../src/media/renditions/rendition-pool.ts';
import { PhotoRefused, RenditionCrash } from '../../../src/media/renditions/rendition-process.ts';
import { smallPhotograph } from '../../support/photographs.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { waitFor } from '../../support/wait-for.ts';

async function withPool(
  options: Partial<RenditionPoolOptions>,
  body: (pool: RenditionPool) => Promise<void>,
): Promise<void> {
  const pool = new RenditionPool({ clock: systemClock, ...options });
  try {
    await body(pool);
  } finally {
    await pool.close();
  }
}

async function rendered(pool: RenditionPool, photo: Buffer): Promise<RenderedPhoto[]> {
  const renditions: RenderedPhoto[] = [];
  await pool.render(photo, async (rendition) => void renditions.push(rendition));
  return renditions;
}

function pngChunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const frame = Buffer.alloc(8 + named.length);
  frame.writeUInt32BE(data.length, 0);
  named.copy(frame, 4);
  frame.writeUInt32BE(crc32(named), 4 + named.length);
  return frame;
}

/** A PNG that claims these sides, with `zeros` bytes of pixels in it. */
function png(width: number, height: number, zeros: number, more: Buffer = Buffer.alloc(0)): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  const pixels = pngChunk('IDAT', deflateSync(Buffer.alloc(zeros), { level: 9 }));
  return Buffer.concat([signature, pngChunk('IHDR', header), more, pixels, pngChunk('IEND', Buffer.alloc(0))]);
}

const SVG =
  '<svg xmlns="http://www.w3.org/2000/svg" width="50" height="50"><script>alert(1)</script><rect width="50" height="50"/></svg>';

test('hostile files are refused with a reason, the child survives, and the next photo is rendered by it', async (t) => {
  const good = await smallPhotograph(1);
  const files: Readonly<Record<string, Buffer>> = {
    empty: Buffer.alloc(0),
    'text named photo': Buffer.from('this is holiday.jpg, honestly'),
    'svg with a script': Buffer.from(SVG),
    zip: Buffer.from('PK\u0003\u0004\u0014\0\0\0\0\0', 'latin1'),
    pdf: Buffer.from('%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer<</Root 1 0 R>>'),
    tiff: await sharp({ create: { width: 9, height: 9, channels: 3, background: '#123456' } })
      .tiff()
      .toBuffer(),
    'half a photo': good.subarray(0, good.length / 2),
    'only a signature': Buffer.from([0xff, 0xd8, 0xff, 0xe0]),
    '2,500 megapixels in the header': png(50_000, 50_000, 1000),
    'just above the bound': png(50_001, 1000, 1000),
    'pixels that end early': png(4000, 4000, 10_000),
    'a huge profile, packed': png(
      10,
      10,
      310,
      pngChunk('iCCP', Buffer.concat([Buffer.from('x\0\0'), deflateSync(Buffer.alloc(300_000_000))])),
    ),
    'text above 8 megabytes, packed': png(
      10,
      10,
      310,
      pngChunk('zTXt', Buffer.concat([Buffer.from('x\0\0'), deflateSync(Buffer.alloc(100_000_000))])),
    ),
    'random after a signature': Buffer.concat([good.subarray(0, 30), systemClock.randomBytes(5000)]),
  };
  const harmless = new Set(['a huge profile, packed', 'text above 8 megabytes, packed']);
  const before = process.memoryUsage().rss;
  await withPool({ workers: 1 }, async (pool) => {
    await pool.warm();
    const [pid] = await pidsWhile(pool, good);
    for (const [name, file] of Object.entries(files)) {
      const outcome = await rendered(pool, file).then(
        () => 'rendered',
        (error: unknown) => error,
      );
      if (harmless.has(name) && outcome === 'rendered') continue;
      t.true(outcome instanceof PhotoRefused, `${name}: ${String(outcome)}`);
    }
    t.deepEqual(await pidsWhile(pool, good), [pid ?? 0], 'the same child as at the beginning');
    const status = await readFile(`/proc/${pid}/status`, 'utf8');
    t.true(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) < 400 * 1024, 'at no time more than 400 MB');
  });
  t.true(process.memoryUsage().rss - before < 300 * 1024 * 1024);
});

async function pidsWhile(pool: RenditionPool, photo: Buffer): Promise<number[]> {
  let pids: number[] = [];
  await pool.render(photo, async () => {
    pids = pool.decoding();
  });
  return pids;
}

test('a picture with something else behind it yields renditions of the picture alone', async (t) => {
  const polyglot = Buffer.concat([await smallPhotograph(2), Buffer.from(`PK\u0003\u0004 ${SVG}`)]);
  await withPool({}, async (pool) => {
    const renditions = await rendered(pool, polyglot);
    t.true(renditions.length > 0);
    for (const { bytes } of renditions) t.false(bytes.includes('script'));
  });
});

test('a child killed in the middle is a crash; the next photo gets a new child', async (t) => {
  const photo = await smallPhotograph(3);
  await withPool({ workers: 1 }, async (pool) => {
    let killed = 0;
    const broken = pool.render(photo, async () => {
      // What the child had said before may be delivered after it is gone.
      if (killed > 0) return;
      const [pid = 0] = pool.decoding();
      killed = pid;
      process.kill(pid, 'SIGKILL');
      await waitFor('the child to end', () =>
        readFile(`/proc/${pid}/status`, 'utf8').then(
          (text) => /State:\s+Z/.test(text),
          () => true,
        ),
      );
    });
    // Small enough that the child may have said all before it died; then nothing was lost.
    await broken.catch((error: unknown) => t.true(error instanceof RenditionCrash));
    const [next] = await pidsWhile(pool, photo);
    t.not(next, killed);
  });
});

test('a child that takes too long, or too much memory, is killed', async (t) => {
  const big = await sharp({ create: { width: 5000, height: 5000, channels: 3, background: '#246' } })
    .png({ progressive: true, compressionLevel: 1 })
    .toBuffer();
  await withPool({ workers: 1, memoryBytes: 128 * 1024 * 1024 }, async (pool) => {
    await t.throwsAsync(rendered(pool, big), { instanceOf: RenditionCrash, message: /memory|ended/ });
    t.true((await rendered(pool, await smallPhotograph(4))).length > 0);
  });
  const hasty = { ...systemClock };
  await withPool({ workers: 1, clock: hasty, timeoutMs: 60_000 }, async (pool) => {
    await pool.warm();
    hasty.after = (_delayMs, task) => systemClock.after(20, task);
    await t.throwsAsync(rendered(pool, big), { instanceOf: RenditionCrash, message: /too long/ });
    hasty.after = (delayMs, task) => systemClock.after(delayMs, task);
    t.true((await rendered(pool, await smallPhotograph(4))).length > 0);
  });
});

test('photos beyond the workers wait, beyond the bound they are refused; closing refuses those that wait', async (t) => {
  const photo = await smallPhotograph(5);
  const pool = new RenditionPool({ clock: systemClock, workers: 1 });
  let release = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const held = pool.render(photo, () => gate);
  await waitFor('the first photo', () => pool.decoding().length === 1);
  const waiting = Array.from({ length: 40 }, () => rendered(pool, photo).then(() => 'rendered', String));
  t.is((await Promise.race(waiting.slice(16))).slice(0, 19), 'Problem: overloaded');
  release();
  await held;
  await waiting[0];
  await pool.close();
  const outcomes = await Promise.all(waiting);
  t.true(outcomes.filter((outcome) => outcome === 'rendered').length >= 1);
  t.is(outcomes.filter((outcome) => outcome.startsWith('Problem: overloaded')).length, 24);
  t.is(
    outcomes.filter((outcome) => outcome.startsWith('RenditionCrash')).length,
    0,
    'leaving is no crash of the photo',
  );
});

test('when the server is killed its children end', async (t) => {
  const folder = await temporaryFolder();
  t.teardown(folder.remove);
  const path = join(folder.path, 'photo.jpg');
  await writeFile(path, await smallPhotograph(6));
  const owner = fork(new URL('pool-owner.ts', import.meta.url), [path], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const [line] = (await once(owner.stdout ?? owner, 'data')) as [Buffer];
  const pid = Number(/\d+/.exec(line.toString())?.[0]);
  t.true(pid > 0);
  owner.kill('SIGKILL');
  // Whoever adopts it may take a while to bury it.
  await waitFor('the child to end', async () =>
    /^State:\s+Z/m.test(await readFile(`/proc/${pid}/status`, 'utf8').catch(() => 'State: Z')),
  );
  t.pass();
});
