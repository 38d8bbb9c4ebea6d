/**
 * How long it takes from a request to the phone of each of 500 followers. The product: the author's request is sent, checked,
 * made durable and answered, and every follower's copy is written to their inbox behind it; the clock runs from the moment
 * the request was due. Peers: the clock runs from the call that emits the event, and nothing is kept.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Fleet } from '../harness/fleet.ts';
import { identitiesOf } from '../harness/identities.ts';
import { nowUs } from '../harness/markers.ts';
import { chosenPeers } from '../harness/peers.ts';
import { cpuSeconds } from '../harness/process-figures.ts';
import { type Contestant, interleave, known, medianOf, ratio, type Sample } from '../harness/rounds.ts';
import type { Scenario, ScenarioContext, ScenarioResult } from '../harness/scenario.ts';
import { Stage } from '../harness/stage.ts';
import { postTemplate, sampleEvent } from '../product/sample-event.ts';
import { EMPTY_PLAN } from '../product/world.ts';
import { DeliveryTotals } from './deliveries.ts';

const PEERS = ['uws', 'ws', 'socketio-ws', 'socketio-uws'] as const;
const FOLLOWERS = { small: 100, full: 500 } as const;
const EVENTS = { small: 10, full: 100 } as const;
const INTERVAL_MS = 100;
const STREAM = 0;

export const push: Scenario = {
  name: 'push',
  title: 'From an accepted post to 500 phones',
  run: (context) => Stage.with(context, (stage) => run(context, stage)),
};

interface Pushed {
  readonly pid: number;
  readonly fleet: Fleet;
  readonly send: (number: number, dueUs: number) => Promise<void>;
}

async function measurePush(
  { pid, fleet, send }: Pushed,
  from: number,
  count: number,
  totals: DeliveryTotals,
): Promise<Sample> {
  await fleet.begin([from]);
  const before = cpuSeconds(pid);
  const startUs = nowUs() + INTERVAL_MS * 1000;
  const sends: Promise<void>[] = [];
  for (let sent = 0; sent < count; sent++) {
    const dueUs = startUs + sent * INTERVAL_MS * 1000;
    await pause(Math.max(0, (dueUs - nowUs()) / 1000));
    sends.push(send(from + sent, dueUs));
  }
  await Promise.all(sends);
  await fleet.delivered(count);
  const cpu = cpuSeconds(pid) - before;
  const report = await fleet.finish([from + count]);
  totals.add(report);
  return {
    p50Ms: report.latency.percentile(0.5) / 1000,
    p99Ms: report.latency.percentile(0.99) / 1000,
    lastP50Ms: report.last.percentile(0.5) / 1000,
    lastP99Ms: report.last.percentile(0.99) / 1000,
    cpuMillisecondsPerEvent: (cpu * 1e3) / count,
  };
}

async function run(context: ScenarioContext, stage: Stage): Promise<ScenarioResult> {
  const { scale, rounds, progress } = context;
  const followers = FOLLOWERS[scale];
  const events = EVENTS[scale];
  const world = await stage.world({ ...EMPTY_PLAN, readers: followers, regulars: 1, postsPerRegular: 100 });
  const product = await stage.product(world);
  const [author] = world.regulars;
  const [follower] = world.readers;
  if (author === undefined || follower === undefined) throw new Error('the world has no people');
  const template = postTemplate(await sampleEvent(product, follower, () => product.edit(author, STREAM, 0)));
  const identities = identitiesOf(world, world.readers);
  const totals = new DeliveryTotals();
  let next = 1;
  const contestant = (name: string, pushed: Pushed): Contestant => ({
    name,
    measure: () => {
      const from = next;
      next += events;
      return measurePush(pushed, from, events, totals);
    },
  });
  const fleet = await stage.fleet(product.target, identities, 'the product');
  const send: Pushed['send'] = (number, dueUs) => product.edit(author, STREAM, number, dueUs);
  const contestants = [contestant('product', { pid: product.program.pid, fleet, send })];
  for (const name of chosenPeers(PEERS, context.peers)) {
    const peer = await stage.peer(name, world);
    contestants.push(
      contestant(name, {
        pid: peer.program.pid,
        fleet: await stage.fleet(peer.target, identities, name),
        async send(number) {
          await peer.program.call('emit', { events: [{ template, stream: STREAM, number }], by: 'loop' });
        },
      }),
    );
  }
  progress.begin('push', contestants.length * (rounds + 1));
  const systems = await interleave(contestants, { rounds, warmUps: 1, step: (name) => progress.step(name) });
  const against = (name: string): number | null => ratio(systems, 'p99Ms', ['product', name]);
  return {
    systems,
    ratios: known(Object.fromEntries(PEERS.map((name) => [`p99: product / ${name}`, against(name)]))),
    values: known({ 'P6.p99': medianOf(systems, 'product', 'p99Ms'), 'P6.socketio': against('socketio-ws') }),
    delivered: totals.delivered,
    faults: totals.faults,
    notes: [
      `${followers} followers’ phones, ${events} edited posts a round, one every ${INTERVAL_MS} ms. Each phone’s arrival counts; “last” is the slowest phone of an event.`,
      'socket.io runs alone, without the Redis adapter that a cluster of it needs and that would add to its times.',
    ],
  };
}
