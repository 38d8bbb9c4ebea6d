/** Operations at a fixed rate, over REST and over the WebSocket: the same operations, so the difference is the transport. */
import { NO_FAULTS } from '../harness/delivery-check.ts';
import { type Contestant, interleave, known, ratio } from '../harness/rounds.ts';
import type { Scenario, ScenarioContext, ScenarioResult } from '../harness/scenario.ts';
import { Stage } from '../harness/stage.ts';
import type { RequestTemplate } from '../load/request-process.ts';
import { EMPTY_PLAN, type World } from '../product/world.ts';
import { Requests } from './requests.ts';

const SIZES = {
  small: { readers: 50, readsPerSecond: 300, writesPerSecond: 100, seconds: 0.5 },
  full: { readers: 500, readsPerSecond: 2_000, writesPerSecond: 500, seconds: 10 },
} as const;
const CONNECTIONS = 32;

export const api: Scenario = {
  name: 'api',
  title: 'Operations over REST and over the WebSocket',
  run: (context) => Stage.with(context, (stage) => run(context, stage)),
};

function templatesOf(world: World): Record<'reads' | 'writes', RequestTemplate[]> {
  const posts = world.stars.flatMap((star) => star.posts);
  const reads = posts.map((postId): RequestTemplate => {
    return { method: 'GET', path: `/v1/posts/${postId}`, op: 'post.read', params: { postId } };
  });
  const writes = posts.map((postId, number): RequestTemplate => {
    const comment = { text: `number ${number}` };
    return number % 2 === 0
      ? { method: 'PUT', path: `/v1/posts/${postId}/like`, op: 'post.like', params: { postId } }
      : {
          method: 'POST',
          path: `/v1/posts/${postId}/comments`,
          json: JSON.stringify(comment),
          op: 'comment.create',
          params: { postId, ...comment },
        };
  });
  return { reads, writes };
}

async function run(context: ScenarioContext, stage: Stage): Promise<ScenarioResult> {
  const { scale, rounds, progress } = context;
  const { readers, readsPerSecond, writesPerSecond, seconds } = SIZES[scale];
  const world = await stage.world({ ...EMPTY_PLAN, readers, stars: 3, postsPerStar: 31 });
  const product = await stage.product(world);
  const requests = new Requests();
  const templates = templatesOf(world);
  const contestants = (['rest', 'websocket'] as const).flatMap((transport): Contestant[] =>
    (['reads', 'writes'] as const).map((kind) => ({
      name: `${kind}, ${transport}`,
      measure: () => {
        const perSecond = kind === 'reads' ? readsPerSecond : writesPerSecond;
        const tokens = world.readers.map((reader) => world.token(reader));
        return requests.run(product.program.pid, {
          port: product.port,
          transport,
          tokens,
          templates: templates[kind],
          perSecond,
          count: perSecond * seconds,
          connections: CONNECTIONS,
        });
      },
    })),
  );
  progress.begin('api', contestants.length * (rounds + 1));
  try {
    const systems = await interleave(contestants, { rounds, warmUps: 1, step: (name) => progress.step(name) });
    return {
      systems,
      ratios: known({
        'reads: CPU of REST / WebSocket': ratio(systems, 'cpuMicrosecondsPerRequest', [
          'reads, rest',
          'reads, websocket',
        ]),
        'writes: CPU of REST / WebSocket': ratio(systems, 'cpuMicrosecondsPerRequest', [
          'writes, rest',
          'writes, websocket',
        ]),
      }),
      values: {},
      delivered: 0,
      faults: NO_FAULTS,
      notes: [
        `Reads: a post, ${readsPerSecond} a second. Writes: likes and comments in turn, ${writesPerSecond} a second, each durable before its answer.`,
        'Times count from when a request was due.',
      ],
    };
  } finally {
    await requests.stop();
  }
}
