/**
 * Photos of 12 megapixels: from the upload through queue and store to the whole set of renditions, several at once; and
 * one at a time, how long until the author's phone shows it. Peer: four independent sharp pipelines a photo.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { Program } from '../harness/calls.ts';
import { NO_FAULTS } from '../harness/delivery-check.ts';
import { Histogram } from '../harness/histogram.ts';
import { nowUs } from '../harness/markers.ts';
import { treeCpuSeconds } from '../harness/process-figures.ts';
import { type Contestant, interleave, known, medianOf, ratio, type Sample } from '../harness/rounds.ts';
import type { Scenario, ScenarioContext, ScenarioResult } from '../harness/scenario.ts';
import { Stage } from '../harness/stage.ts';
import { RawWebSocket, sharedReadBuffer } from '../load/raw-websocket.ts';
import type { NaiveMediaCalls } from '../peers/naive-media.ts';
import type { Product } from '../product/product.ts';
import { EMPTY_PLAN, type Person } from '../product/world.ts';

const SIZES = { small: { photos: 4, single: 3 }, full: { photos: 24, single: 20 } } as const;
const CONCURRENCY = 4;
const NAIVE = join(import.meta.dirname, '..', 'peers', 'naive-media.ts');
const WAIT_MS = 60_000;

export const media: Scenario = {
  name: 'media',
  title: 'Photos from upload to renditions',
  run: (context) => Stage.with(context, (stage) => run(context, stage)),
};

const PHOTO = { width: 4000, height: 3000 } as const;
/** Widths of layers of noise and how strong each is: the finer, the fainter, as in pictures of the world. */
const OCTAVES = [
  [8, 60],
  [32, 42],
  [125, 30],
  [500, 20],
  [2000, 9],
] as const;

/** A picture with the detail of a photograph at every size, and about as many bytes. */
async function photograph(): Promise<Buffer> {
  const layers = await Promise.all(
    OCTAVES.map(async ([width, sigma]) => {
      const height = Math.round((width * 3) / 4);
      const noise = { type: 'gaussian', mean: 128, sigma } as const;
      const layer = sharp({ create: { width, height, channels: 3, background: '#808080', noise } });
      const input = await layer.png().toBuffer();
      return sharp(input)
        .resize(PHOTO.width, PHOTO.height, { kernel: 'cubic' })
        .removeAlpha()
        .png({ compressionLevel: 0 })
        .toBuffer();
    }),
  );
  const [ground, ...others] = layers;
  return sharp(ground)
    .composite(others.map((input) => ({ input, blend: 'overlay' })))
    .removeAlpha()
    .jpeg({ quality: 85 })
    .toBuffer();
}

/** Hears on the author's own connection when a post is shown and when it is complete. */
class AuthorPhone {
  private readonly seenAtUs = new Map<string, number>();
  private readonly waiting = new Map<string, (atUs: number) => void>();
  private socket: RawWebSocket | null = null;

  static async connect(product: Product, author: Person): Promise<AuthorPhone> {
    const phone = new AuthorPhone();
    await new Promise<void>((resolve, reject) => {
      const hello = { t: 'hello', token: product.world.token(author), device: 'author' };
      const socket = RawWebSocket.open(
        { host: '127.0.0.1', port: product.port, path: '/v1/live', protocol: 'shutterline.v1' },
        {
          accepted: () => socket.send(JSON.stringify(hello)),
          text(bytes, start, end) {
            const message = JSON.parse(bytes.toString('utf8', start, end)) as ServerFrame;
            if (message.t === 'welcome') resolve();
            if (message.t !== 'events' || message.events === undefined) return;
            for (const event of message.events) phone.saw(event.id);
            socket.send(JSON.stringify({ t: 'ack', seq: (message.seq ?? 0) + message.events.length - 1 }));
          },
          closed: (reason) => reject(new Error(reason)),
        },
        sharedReadBuffer(),
      );
      phone.socket = socket;
    });
    return phone;
  }

  /** Resolves with the time at which the event was seen. */
  event(id: string): Promise<number> {
    const seen = this.seenAtUs.get(id);
    if (seen !== undefined) return Promise.resolve(seen);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`${id} never came`)), WAIT_MS);
      this.waiting.set(id, (atUs) => {
        clearTimeout(timer);
        resolve(atUs);
      });
    });
  }

  close(): void {
    this.socket?.destroy();
  }

  private saw(id: string): void {
    const atUs = nowUs();
    this.seenAtUs.set(id, atUs);
    this.waiting.get(id)?.(atUs);
  }
}

interface ServerFrame {
  readonly t: string;
  readonly seq?: number;
  readonly events?: readonly { readonly id: string }[];
}

/** Milliseconds from the first byte of the upload to the post's first rendition, and to the last. */
async function post(product: Product, author: Person, phone: AuthorPhone, photo: Buffer) {
  const { body } = await product.expect(201, 'POST', '/v1/posts', { by: author, json: { caption: 'bench' } });
  const { postId, uploadUrl } = JSON.parse(body.toString()) as { postId: string; uploadUrl: string };
  const { pathname, search } = new URL(uploadUrl);
  const startUs = nowUs();
  const headers = { 'content-type': 'image/jpeg' };
  await product.expect(204, 'PUT', `${pathname}${search}`, { body: photo, headers });
  const [shownUs, completeUs] = await Promise.all([
    phone.event(`post.new:${postId}`),
    phone.event(`media.ready:${postId}`),
  ]);
  return { shownMs: (shownUs - startUs) / 1000, completeMs: (completeUs - startUs) / 1000 };
}

async function run(context: ScenarioContext, stage: Stage): Promise<ScenarioResult> {
  const { scale, rounds, progress, folder } = context;
  const { photos, single } = SIZES[scale];
  const photo = await photograph();
  const photoPath = join(folder, 'photo.jpg');
  const naiveFolder = join(folder, 'naive');
  await mkdir(naiveFolder);
  await writeFile(photoPath, photo);
  const world = await stage.world({ ...EMPTY_PLAN, readers: CONCURRENCY });
  const product = await stage.product(world);
  const naive = new Program<NaiveMediaCalls>(NAIVE);
  const phones = await Promise.all(world.readers.map((author) => AuthorPhone.connect(product, author)));
  const shown = new Histogram();
  const authorOf = (place: number): [Person, AuthorPhone] => [
    world.readers[place] as Person,
    phones[place] as AuthorPhone,
  ];
  const productSets = async (): Promise<void> => {
    const each = Math.ceil(photos / CONCURRENCY);
    await Promise.all(
      phones.map(async (_, place) => {
        for (let sent = 0; sent < each; sent++) await post(product, ...authorOf(place), photo);
      }),
    );
  };
  const naiveSets = async (): Promise<void> => {
    await naive.call('render', { photoPath, folder: naiveFolder, count: photos, concurrency: CONCURRENCY });
  };
  const contestants: Contestant[] = [
    { name: 'product', measure: () => measureSets(product.program.pid, photos, productSets) },
    { name: 'four pipelines', measure: () => measureSets(naive.pid, photos, naiveSets) },
    {
      name: 'one at a time',
      measure: (round) => oneAtATime(single, shown, round >= 0, () => post(product, ...authorOf(0), photo)),
    },
  ];
  progress.begin('media', contestants.length * (rounds + 1));
  try {
    const systems = await interleave(contestants, { rounds, warmUps: 1, step: (name) => progress.step(name) });
    return {
      systems,
      ratios: known({
        'sets per CPU second: product / four pipelines': ratio(systems, 'setsPerCpuSecond', [
          'product',
          'four pipelines',
        ]),
      }),
      values: known({
        'P12.sets': ratio(systems, 'setsPerCpuSecond', ['product', 'four pipelines']),
        'P12.first': medianOf(systems, 'one at a time', 'firstShownP99Ms'),
      }),
      delivered: 0,
      faults: NO_FAULTS,
      notes: [
        `A JPEG of 4000 × 3000 and ${(photo.length / 1e6).toFixed(1)} MB; ${photos} photos a round, ${CONCURRENCY} at once. Both make 1080, 640, 320 and 150 wide, as JPEG and WebP with the same settings.`,
        'The product’s CPU counts everything: upload, checks, child processes, store, events. First shown: from the upload’s first byte to `post.new` at the author’s phone.',
      ],
    };
  } finally {
    for (const phone of phones) phone.close();
    await naive.stop();
  }
}

async function measureSets(pid: number, photos: number, work: () => Promise<void>): Promise<Sample> {
  const before = treeCpuSeconds(pid);
  const startedMs = performance.now();
  await work();
  const seconds = (performance.now() - startedMs) / 1000;
  const cpu = treeCpuSeconds(pid) - before;
  return {
    setsPerCpuSecond: photos / cpu,
    setsPerSecond: photos / seconds,
    cpuMillisecondsPerSet: (cpu * 1e3) / photos,
  };
}

async function oneAtATime(
  count: number,
  all: Histogram,
  counts: boolean,
  once: () => Promise<{ shownMs: number; completeMs: number }>,
): Promise<Sample> {
  const shown = new Histogram();
  const complete = new Histogram();
  for (let sent = 0; sent < count; sent++) {
    const { shownMs, completeMs } = await once();
    shown.record(shownMs * 1000);
    complete.record(completeMs * 1000);
    if (counts) all.record(shownMs * 1000);
  }
  return {
    firstShownP50Ms: shown.percentile(0.5) / 1000,
    firstShownP99Ms: (counts ? all : shown).percentile(0.99) / 1000,
    completeP50Ms: complete.percentile(0.5) / 1000,
  };
}
