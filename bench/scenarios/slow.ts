/**
 * A few phones stop reading while events go on: what the server holds for them, what the others notice, and whether the
 * slow ones get everything once they read again.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { allDone } from '../harness/all-done.ts';
import type { Fleet } from '../harness/fleet.ts';
import { identitiesOf } from '../harness/identities.ts';
import { nowUs } from '../harness/markers.ts';
import { chosenPeers } from '../harness/peers.ts';
import { kernelMemory, memoryOf, unsentBytes } from '../harness/process-figures.ts';
import { atRest } from '../harness/rest.ts';
import { type Contestant, interleave, known, medianOf, type Sample } from '../harness/rounds.ts';
import type { Scale, Scenario, ScenarioContext, ScenarioResult } from '../harness/scenario.ts';
import { Stage } from '../harness/stage.ts';
import { postTemplate, sampleEvent } from '../product/sample-event.ts';
import { EMPTY_PLAN } from '../product/world.ts';
import { DeliveryTotals } from './deliveries.ts';

const PEERS = ['uws', 'ws', 'socketio-ws'] as const;
const SIZES = {
  /** As many deliveries a second as at full scale; both send more events than a phone may owe acknowledgements for: 101. */
  small: { readers: 200, stalled: 10, events: 120, intervalMs: 10 },
  /**
   * 20,000 deliveries a second, each with its durable copy in the product: well within what this machine does, for where
   * the server is behind anyway, nobody could notice the slow ones.
   */
  full: { readers: 2_000, stalled: 100, events: 120, intervalMs: 100 },
} as const;
type Size = (typeof SIZES)['small' | 'full'];
const STREAM = 0;
/** The product ends a session that owes an acknowledgement for 30 s, and those that stalled must still be there. */
const REST_MS_MAX = 10_000;

export const slow: Scenario = {
  name: 'slow',
  title: 'Phones that stop reading',
  run: (context) => Stage.with(context, (stage) => run(context, stage)),
};

interface Served {
  readonly pid: number;
  readonly port: number;
  readonly fleet: Fleet;
  readonly heap: () => Promise<unknown>;
  readonly send: (number: number, dueUs: number) => Promise<void>;
  next: number;
}

interface Held {
  /** Of the server's process. */
  readonly process: number;
  /** In the send buffers of its sockets. */
  readonly unsent: number;
  /** In all socket buffers of the machine, with what the kernel spends around it. The phones' receive buffers are most of it. */
  readonly allSockets: number;
}

async function heldBytes({ pid, port, heap }: Served, scale: Scale): Promise<Held> {
  await atRest(pid, scale, REST_MS_MAX);
  await heap();
  return {
    process: memoryOf(pid).privateBytes,
    unsent: unsentBytes(port),
    allSockets: kernelMemory().tcpBufferBytes,
  };
}

/** Sends the events at their times; p99 is of phones that read. */
async function stream(served: Served, readers: number, { events, intervalMs }: Size): Promise<void> {
  const startUs = nowUs();
  for (let sent = 0; sent < events; sent++) {
    const dueUs = startUs + sent * intervalMs * 1000;
    await pause(Math.max(0, (dueUs - nowUs()) / 1000));
    await served.send(served.next++, dueUs);
  }
  await served.fleet.deliveredInAll(events * readers);
}

async function measureSlow(served: Served, scale: Scale, totals: DeliveryTotals): Promise<Sample> {
  const { fleet } = served;
  const size = SIZES[scale];
  const { readers, stalled, events } = size;
  await atRest(served.pid, scale);
  await fleet.begin([served.next]);
  await stream(served, readers, size);
  const calm = await fleet.finish([served.next]);
  totals.add(calm);

  const before = await heldBytes(served, scale);
  await fleet.begin([served.next]);
  await fleet.pause(stalled);
  await stream(served, readers - stalled, size);
  const calmed = await fleet.latency();
  const after = await heldBytes(served, scale);
  const grown = (what: keyof Held): number => (after[what] - before[what]) / 1024 / stalled;
  await fleet.resume();
  await fleet.delivered(events);
  const report = await fleet.finish([served.next]);
  totals.add(report);
  return {
    heldKibPerStalled: grown('process') + grown('unsent'),
    processKibPerStalled: grown('process'),
    unsentKibPerStalled: grown('unsent'),
    socketsOfBothEndsKibPerStalled: grown('allSockets'),
    calmP99Ms: calm.latency.percentile(0.99) / 1000,
    othersP99Ms: calmed.percentile(0.99) / 1000,
    recoveredShare: report.delivered / (readers * events),
  };
}

async function run(context: ScenarioContext, stage: Stage): Promise<ScenarioResult> {
  const { scale, rounds, progress } = context;
  const size = SIZES[scale];
  const world = await stage.world({ ...EMPTY_PLAN, readers: size.readers, stars: 1, postsPerStar: 100 });
  const [product, peers] = await allDone([stage.product(world), stage.peers(chosenPeers(PEERS, context.peers), world)]);
  const [star] = world.stars;
  const [follower] = world.readers;
  if (star === undefined || follower === undefined) throw new Error('the world has no people');
  const template = postTemplate(await sampleEvent(product, follower, () => product.edit(star, STREAM, 0)));
  const identities = identitiesOf(world, world.readers);
  const totals = new DeliveryTotals();
  const contestant = (name: string, served: Served): Contestant => ({
    name,
    measure: () => measureSlow(served, scale, totals),
  });
  const contestants = [
    contestant('product', {
      pid: product.program.pid,
      port: product.port,
      fleet: await stage.fleet(product.target, identities, 'the product'),
      heap: () => product.program.call('heap', null),
      send: (number, dueUs) => product.edit(star, STREAM, number, dueUs),
      next: 1,
    }),
  ];
  for (const peer of peers) {
    contestants.push(
      contestant(peer.name, {
        pid: peer.program.pid,
        port: peer.target.port,
        fleet: await stage.fleet(peer.target, identities, peer.name),
        heap: () => peer.program.call('heap', null),
        async send(number) {
          await peer.program.call('emit', { events: [{ template, stream: STREAM, number }], by: 'loop' });
        },
        next: 1,
      }),
    );
  }
  progress.begin('slow', contestants.length * (rounds + 1));
  const systems = await interleave(contestants, { rounds, warmUps: 1, step: (name) => progress.step(name) });
  return {
    systems,
    ratios: known({
      'others’ p99 against calm, product':
        medianOf(systems, 'product', 'othersP99Ms') / medianOf(systems, 'product', 'calmP99Ms'),
    }),
    values: known({
      'R5.growth': medianOf(systems, 'product', 'heldKibPerStalled'),
      'R5.others': medianOf(systems, 'product', 'othersP99Ms') / medianOf(systems, 'product', 'calmP99Ms'),
    }),
    delivered: totals.delivered,
    faults: totals.faults,
    notes: [
      `${size.stalled} of ${size.readers} phones stop reading for ${size.events} events of ${Buffer.byteLength(template)} bytes (which the product deflates), then read on.`,
      'Held: growth of the server’s private memory after collection, and of the data in the send buffers of its sockets.',
      'What a phone’s own kernel has received and the phone has not read is the phone’s; it is in the figure of both ends.',
    ],
  };
}
