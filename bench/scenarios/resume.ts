/**
 * Everybody lost the connection and comes back: what that costs the server, with nothing, 10 and 100 events missed, in the
 * upgrade and in a first frame, and after other people's traffic. Peers: a handshake of bare uWebSockets.js (which checks
 * nobody), a hello frame to `ws`, a connect of socket.io, and socket.io's own recovery of missed packets.
 */
import { identitiesOf } from '../harness/identities.ts';
import { chosenPeers, PEER_TITLES } from '../harness/peers.ts';
import { type Contestant, interleave, known, ratio } from '../harness/rounds.ts';
import type { Scenario, ScenarioContext, ScenarioResult, SystemFigures } from '../harness/scenario.ts';
import { Stage } from '../harness/stage.ts';
import { postTemplate, sampleEvent } from '../product/sample-event.ts';
import type { Product } from '../product/product.ts';
import { EMPTY_PLAN, type Person, type World } from '../product/world.ts';
import { DeliveryTotals } from './deliveries.ts';
import { FROM_STREAM, IN_MEMORY, recoveries, RECOVERING } from './recoveries.ts';
import { type Absence, type Audience, measureReturn } from './returns.ts';

const HANDSHAKES = ['uws', 'ws', 'socketio-ws'] as const;
const SIZES = {
  small: { readers: 300, cycles: 1, littleTraffic: 5, muchTraffic: 200 },
  full: { readers: 2_000, cycles: 6, littleTraffic: 100, muchTraffic: 10_000 },
} as const;
const FROM_STREAM_NOTE = `“${PEER_TITLES[FROM_STREAM]}”: connection state recovery with the Redis streams adapter. Its CPU is that of its server; Redis’s own stands beside it.`;
const BYSTANDERS = 20;
const MISSED = [0, 10, 100] as const;
const EDITS_AT_ONCE = 32;
const STREAM = 0;
const OTHER_STREAM = 1;

export const resume: Scenario = {
  name: 'resume',
  title: 'Coming back after a lost connection',
  run: (context) => Stage.with(context, (stage) => run(context, stage)),
};

async function run(context: ScenarioContext, stage: Stage): Promise<ScenarioResult> {
  const { readers, littleTraffic, muchTraffic } = SIZES[context.scale];
  const world = await stage.world({ ...EMPTY_PLAN, readers, stars: 1, postsPerStar: 100, bystanders: BYSTANDERS });
  const product = await stage.product(world);
  const [star] = world.stars;
  const [bystander] = world.bystanders;
  if (star === undefined || bystander === undefined) throw new Error('the world has no people');
  const template = postTemplate(await sampleEvent(product, world.readers[0] as Person, () => product.edit(star, 0, 0)));
  const totals = new DeliveryTotals();
  const recovering = { context, stage, world, template, totals, littleTraffic, muchTraffic };
  const { contestants: recovered, missing } = await recoveries(recovering);
  const contestants = [
    ...ofProduct(context, await productAudience(stage, world, product), totals),
    ...(await handshakes(context, stage, world, totals)),
    ...recovered,
  ];
  const { rounds, progress } = context;
  progress.begin('resume', contestants.length * (rounds + 1));
  const systems = await interleave(contestants, { rounds, warmUps: 1, step: (name) => progress.step(name) });
  const { notes, ...figures } = judged(context, systems);
  return { ...figures, notes: [...notes, ...missing], delivered: totals.delivered, faults: totals.faults };
}

async function productAudience(stage: Stage, world: World, product: Product): Promise<Audience> {
  const { stranger } = world;
  const [star] = world.stars;
  if (star === undefined || stranger === null) throw new Error('the world has no star');
  const fleet = await stage.fleet(product.target, identitiesOf(world, world.readers), 'the product');
  await stage.fleet(product.target, identitiesOf(world, world.bystanders), 'the product');
  return {
    pid: product.program.pid,
    fleet,
    next: 1,
    happen: (number) => product.edit(star, STREAM, number),
    async traffic(count) {
      for (let made = 0; made < count; made += EDITS_AT_ONCE) {
        const edits = Array.from({ length: Math.min(EDITS_AT_ONCE, count - made) }, (_, at) => made + at);
        await Promise.all(edits.map((number) => product.edit(stranger, OTHER_STREAM, number)));
      }
    },
  };
}

function ofProduct({ scale }: ScenarioContext, audience: Audience, totals: DeliveryTotals): Contestant[] {
  const { cycles, littleTraffic, muchTraffic } = SIZES[scale];
  const shortest: Absence = { scale, greeting: 'resume-header', cycles, missed: 0, traffic: 0 };
  const contestant = (what: string, absence: Partial<Absence>): Contestant => ({
    name: `product, ${what}`,
    measure: () => measureReturn(audience, { ...shortest, ...absence }, totals),
  });
  return [
    ...MISSED.map((missed) => contestant(`${missed} missed`, { missed, cycles: missed === 100 ? 1 : cycles })),
    contestant('in a frame', { greeting: 'resume-frame' }),
    contestant('little traffic', { missed: 10, traffic: littleTraffic, cycles: 1 }),
    contestant('much traffic', { missed: 10, traffic: muchTraffic, cycles: 1 }),
  ];
}

async function handshakes(
  { scale, peers }: ScenarioContext,
  stage: Stage,
  world: World,
  totals: DeliveryTotals,
): Promise<Contestant[]> {
  const { cycles } = SIZES[scale];
  const contestants: Contestant[] = [];
  for (const peer of await stage.peers(chosenPeers(HANDSHAKES, peers), world)) {
    const { name } = peer;
    const fleet = await stage.fleet(peer.target, identitiesOf(world, world.readers), name);
    const nothing = async (): Promise<void> => undefined;
    const audience: Audience = { pid: peer.program.pid, fleet, next: 0, happen: nothing, traffic: nothing };
    const absence = { scale, greeting: 'token', cycles, missed: 0, traffic: 0 } as const;
    contestants.push({ name, measure: () => measureReturn(audience, absence, totals) });
  }
  return contestants;
}

function judged(
  { scale }: ScenarioContext,
  systems: Readonly<Record<string, SystemFigures>>,
): Pick<ScenarioResult, 'systems' | 'ratios' | 'values' | 'notes'> {
  const { readers, cycles, littleTraffic, muchTraffic } = SIZES[scale];
  const faster = (over: string, under: string): number | null => ratio(systems, 'returnsPerCpuSecond', [over, under]);
  const ratios = known({
    'product / uws': faster('product, 0 missed', 'uws'),
    'product / ws': faster('product, 0 missed', 'ws'),
    'product / socketio-ws': faster('product, 0 missed', 'socketio-ws'),
    'product in a frame / ws': faster('product, in a frame', 'ws'),
    'uws / ws': faster('uws', 'ws'),
    'product: much over little traffic': faster('product, little traffic', 'product, much traffic'),
    ...Object.fromEntries(
      [IN_MEMORY, FROM_STREAM].flatMap((name) => [
        [`${name}: much over little traffic`, faster(`${name}, little traffic`, `${name}, much traffic`)],
        [`product / ${name}, much traffic`, faster('product, much traffic', `${name}, much traffic`)],
      ]),
    ),
  });
  return {
    systems,
    ratios,
    values: known({
      'P7.uws': ratios['product / uws'] ?? null,
      'P7.rate': (systems['product, 0 missed']?.['returnsPerCpuSecond']?.median ?? Number.NaN) / 1000,
      'P7.ws': ratios['product / ws'] ?? null,
      'P8.flat': ratios['product: much over little traffic'] ?? null,
      'P8.socketio': ratios[`product / ${FROM_STREAM}, much traffic`] ?? null,
    }),
    notes: [
      `${readers} phones come back at once; ${RECOVERING[IN_MEMORY]} to socket.io’s recovery from memory, ${RECOVERING[FROM_STREAM]} to the one from a Redis stream.`,
      `A round is ${cycles === 1 ? 'one return' : `${cycles} returns`} of all phones, in handshakes and where nothing, 10 events or a frame is named; elsewhere one. The first after a rest, dear to every system as its caches are cold, is included.`,
      `The product checks ticket, expiry, session and epoch, and reads nothing from the store; bare uWebSockets.js checks nobody.`,
      'ws and socket.io check a JSON Web Token, signed as the product signs its own, in a first frame, and answer it; all are warm.',
      'What ws could be outdone by at most is what bare uWebSockets.js outdoes it by, with no check and one message less.',
      `Traffic of others while they were away: ${littleTraffic} or ${muchTraffic} events; 10 events missed in both cases.`,
      ...(`${FROM_STREAM}, much traffic` in systems ? [FROM_STREAM_NOTE] : []),
    ],
  };
}
