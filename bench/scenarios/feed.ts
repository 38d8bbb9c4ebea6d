/** Pages of 20 posts: from a resident actor, for someone who was not here before, and at thousands a second. */
import { NO_FAULTS } from '../harness/delivery-check.ts';
import { interleave, known, medianOf } from '../harness/rounds.ts';
import type { Scenario, ScenarioContext, ScenarioResult } from '../harness/scenario.ts';
import { Stage } from '../harness/stage.ts';
import type { RequestRun } from '../load/request-process.ts';
import { EMPTY_PLAN, type Person } from '../product/world.ts';
import { Requests } from './requests.ts';

const SIZES = {
  small: { hot: 50, coldEach: 20, hotCount: 100, loadPerSecond: 500, loadSeconds: 1 },
  full: { hot: 500, coldEach: 250, hotCount: 2_000, loadPerSecond: 5_000, loadSeconds: 10 },
} as const;
const CALM_PER_SECOND = 100;
const CONNECTIONS = { calm: 4, load: 64 } as const;
const WARM_UPS = 1;
const PAGE = { method: 'GET', path: '/v1/feed?limit=20', op: 'feed.read', params: { limit: 20 } } as const;

export const feed: Scenario = {
  name: 'feed',
  title: 'Feed pages, hot, cold and many',
  run: (context) => Stage.with(context, (stage) => run(context, stage)),
};

async function run(context: ScenarioContext, stage: Stage): Promise<ScenarioResult> {
  const { scale, rounds, progress } = context;
  const { hot, coldEach, hotCount, loadPerSecond, loadSeconds } = SIZES[scale];
  const readers = hot + coldEach * (rounds + WARM_UPS);
  // Timelines of written rows and pulled lists, as a reader of both kinds of authors has them.
  const plan = { ...EMPTY_PLAN, readers, stars: 3, postsPerStar: 40, regulars: 10, postsPerRegular: 10 };
  const world = await stage.world(plan);
  const product = await stage.product(world);
  const requests = new Requests();
  const pid = product.program.pid;
  const tokens = (people: readonly Person[]): string[] => people.map((person) => world.token(person));
  const base = { port: product.port, transport: 'rest', templates: [PAGE] } as const;
  const calm = { ...base, perSecond: CALM_PER_SECOND, connections: CONNECTIONS.calm };
  const residents = world.readers.slice(0, hot);
  const measure = (details: Omit<RequestRun, keyof typeof base>) => requests.run(pid, { ...base, ...details });
  const contestants = [
    { name: 'hot', measure: () => measure({ ...calm, tokens: tokens(residents), count: hotCount }) },
    {
      name: 'cold',
      measure: (round: number) => {
        const from = hot + (round + WARM_UPS) * coldEach;
        return measure({ ...calm, tokens: tokens(world.readers.slice(from, from + coldEach)), count: coldEach });
      },
    },
    {
      name: 'under load',
      measure: () => {
        const count = loadPerSecond * loadSeconds;
        return measure({ tokens: tokens(residents), perSecond: loadPerSecond, count, connections: CONNECTIONS.load });
      },
    },
  ];
  progress.begin('feed', contestants.length * (rounds + WARM_UPS));
  try {
    const systems = await interleave(contestants, { rounds, warmUps: WARM_UPS, step: (name) => progress.step(name) });
    return {
      systems,
      ratios: {},
      values: known({
        'P11.hot': medianOf(systems, 'hot', 'p99Ms'),
        'P11.cold': medianOf(systems, 'cold', 'p99Ms'),
        'P11.load': medianOf(systems, 'under load', 'p99Ms'),
      }),
      delivered: 0,
      faults: NO_FAULTS,
      notes: [
        `Over REST with an access token each. Hot: ${hot} readers whose actors are resident. Cold: each reader’s first request ever, which activates the actor.`,
        `Hot and cold at ${CALM_PER_SECOND} a second; under load at ${loadPerSecond} a second for ${loadSeconds} s. Times count from when a request was due.`,
      ],
    };
  } finally {
    await requests.stop();
  }
}
