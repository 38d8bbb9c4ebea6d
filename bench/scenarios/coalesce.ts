/**
 * Sixteen events at once, by sixteen authors whom everybody follows: what a flush window makes of them. Once with short
 * events (deleted posts), where the cost is in the sending, and once with whole posts, where the bytes weigh as well.
 *
 * The product's events come from commands that are checked and made durable, and the peers' from nowhere. What those commands
 * cost by themselves is measured beside it, where nobody is connected, so that the reader can tell the two apart.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { allDone } from '../harness/all-done.ts';
import { type Contestant, interleave, known, ratio } from '../harness/rounds.ts';
import type { Scenario, ScenarioContext, ScenarioResult } from '../harness/scenario.ts';
import { Stage } from '../harness/stage.ts';
import { deletablePostId } from '../harness/markers.ts';
import { cpuSeconds } from '../harness/process-figures.ts';
import type { Product } from '../product/product.ts';
import { deletionTemplate, postTemplate, sampleEvent } from '../product/sample-event.ts';
import { EMPTY_PLAN, type World, type WorldPlan } from '../product/world.ts';
import { type Audience, type DeliveryRun, DeliveryTotals, gather, measureBursts } from './deliveries.ts';

const PEERS = ['uws', 'ws', 'socketio-ws', 'socketio-uws'] as const;
const SIZES = {
  small: { readers: 500, bursts: 4, aftermathMs: 100 },
  /**
   * After eight bursts a phone has acknowledged: 128 short events, or a window's half of whole posts, and owes nothing.
   * In the aftermath the jobs behind a burst of commands are done, and their rows have left the outbox.
   */
  full: { readers: 10_000, bursts: 8, aftermathMs: 400 },
} as const;
type Size = (typeof SIZES)['small' | 'full'];
const STREAMS = 16;
const KINDS = ['short', 'posts'] as const;
type Kind = (typeof KINDS)[number];

interface Acting {
  readonly world: World;
  readonly product: Product;
}

export const coalesce: Scenario = {
  name: 'coalesce',
  title: 'Sixteen events within one flush window',
  run: (context) => Stage.with(context, (stage) => run(context, stage)),
};

async function run(context: ScenarioContext, stage: Stage): Promise<ScenarioResult> {
  const size = SIZES[context.scale];
  const { readers, bursts } = size;
  const deletablePerStar = (context.rounds + 1) * bursts + 1;
  const plan = { ...EMPTY_PLAN, readers, stars: STREAMS, postsPerStar: 10, deletablePerStar };
  const [audience, alone] = await allDone([gather(context, stage, plan, PEERS), actingAlone(context, stage, plan)]);
  const templates = await sampleTemplates(audience);
  const totals = new DeliveryTotals();
  const contestants = KINDS.flatMap((kind) => [
    ...contestantsOf(audience, { kind, template: templates[kind] }, bursts, totals),
    commandsAlone(alone, kind, size),
  ]);
  const { rounds, progress } = context;
  progress.begin('coalesce', contestants.length * (rounds + 1));
  const systems = await interleave(contestants, { rounds, warmUps: 1, step: (name) => progress.step(name) });
  const ratios = known(
    Object.fromEntries(
      KINDS.flatMap((kind) =>
        PEERS.map((name) => [
          `product / ${name}, ${kind}`,
          ratio(systems, 'deliveriesPerCpuSecond', [`product, ${kind}`, `${name}, ${kind}`]),
        ]),
      ),
    ),
  );
  return {
    systems,
    ratios,
    values: known({
      'P5.uws': ratios['product / uws, short'] ?? null,
      'P5.ws': ratios['product / ws, short'] ?? null,
      'P5.socketio': ratios['product / socketio-ws, short'] ?? null,
    }),
    delivered: totals.delivered,
    faults: totals.faults,
    notes: [
      `${readers} phones a system, ${bursts} bursts of ${STREAMS} events a round.`,
      `Short: ${Buffer.byteLength(templates.short)} bytes an event (a deleted post). Posts: ${Buffer.byteLength(templates.posts)} bytes.`,
      'A deleted post has a photo of eight files, small ones, which the product removes and syncs within the measured time.',
      'Bare uWebSockets.js uses its own publish; the product stores and syncs sixteen commands of sixteen authors first.',
      'Commands alone: the same bursts and all jobs that follow, where nobody is connected, by the deliveries that there would be.',
    ],
  };
}

async function sampleTemplates({ world, product, spare }: Audience): Promise<Record<Kind, string>> {
  const [star] = world.stars;
  if (star === undefined) throw new Error('the world has no star');
  const deleted = await sampleEvent(product, spare, () => product.delete(star, deletablePostId(0, 0)));
  for (const [stream, author] of world.stars.entries()) {
    if (stream > 0) await product.delete(author, deletablePostId(stream, 0));
  }
  const edited = await sampleEvent(product, spare, () => product.edit(star, 0, 0));
  return { short: deletionTemplate(deleted), posts: postTemplate(edited) };
}

/** Every author at once: edits their newest post, or deletes the one of that number. */
async function actTogether({ world, product }: Acting, kind: Kind, number: number): Promise<void> {
  await Promise.all(
    world.stars.map((star, stream) =>
      kind === 'posts' ? product.edit(star, stream, number) : product.delete(star, deletablePostId(stream, number)),
    ),
  );
}

/** The same authors once more, where nobody is connected. */
async function actingAlone({ scale }: ScenarioContext, stage: Stage, plan: WorldPlan): Promise<Acting> {
  const world = await stage.world({ ...plan, readers: 1 });
  const product = await stage.product(world);
  await product.warmUp(world.stars, scale);
  return { world, product };
}

function commandsAlone(acting: Acting, kind: Kind, { readers, bursts, aftermathMs }: Size): Contestant {
  const { pid } = acting.product.program;
  let next = 0;
  return {
    name: `commands alone, ${kind}`,
    async measure() {
      const before = cpuSeconds(pid);
      for (let burst = 0; burst < bursts; burst++) {
        await actTogether(acting, kind, next++);
        await pause(aftermathMs);
      }
      const seconds = cpuSeconds(pid) - before;
      return { cpuMicrosecondsPerDelivery: (seconds * 1e6) / (bursts * readers * STREAMS), cpuSeconds: seconds };
    },
  };
}

function contestantsOf(
  { world, product, productFleet, peers }: Audience,
  { kind, template }: { readonly kind: Kind; readonly template: string },
  bursts: number,
  totals: DeliveryTotals,
): Contestant[] {
  const act = (number: number): Promise<void> => actTogether({ world, product }, kind, number);
  const contestant = (name: string, of: Omit<DeliveryRun, 'streams'>): Contestant => {
    let next = 1;
    return {
      name: `${name}, ${kind}`,
      measure: () => {
        const from = next;
        next += bursts;
        return measureBursts({ ...of, streams: STREAMS }, from, bursts, totals);
      },
    };
  };
  return [
    contestant('product', { pid: product.program.pid, port: product.port, fleet: productFleet, burst: act }),
    ...peers.map(({ peer, fleet }) => {
      const burst = async (number: number): Promise<void> => {
        const events = world.stars.map((_, stream) => ({
          template: template.replace('"b:00:', `"b:${String(stream).padStart(2, '0')}:`),
          stream,
          number,
        }));
        await peer.program.call('emit', { events, by: 'publish' });
      };
      return contestant(peer.name, { pid: peer.program.pid, port: peer.target.port, fleet, burst });
    }),
  ];
}
