/**
 * How long it takes from a request to the phone of each of 500 followers. The product: the author's request is sent, checked,
 * made durable and answered, and every follower's copy is written to their inbox behind it; the clock runs from the moment
 * the request was due. Peers: the clock runs from the call that emits the event, and nothing is kept. With the Redis
 * adapter that call is made on one server, and the phones are connected to another.
 */
import { placeApart } from '../harness/cores.ts';
import { untilDue } from '../harness/due.ts';
import type { Fleet } from '../harness/fleet.ts';
import { identitiesOf } from '../harness/identities.ts';
import { markedCaption, nowUs } from '../harness/markers.ts';
import { chosenPeers, type Peer, PEER_TITLES } from '../harness/peers.ts';
import { cpuSeconds } from '../harness/process-figures.ts';
import { WITHOUT_REDIS } from '../harness/redis-server.ts';
import { type Contestant, interleave, known, medianOf, ratio, type Sample } from '../harness/rounds.ts';
import type { Scenario, ScenarioContext, ScenarioResult } from '../harness/scenario.ts';
import { Stage } from '../harness/stage.ts';
import { RawHttpPool } from '../load/raw-http.ts';
import { postTemplate, sampleEvent } from '../product/sample-event.ts';
import { EMPTY_PLAN, type World } from '../product/world.ts';
import { DeliveryTotals } from './deliveries.ts';

const PEERS = ['uws', 'ws', 'socketio-ws', 'socketio-uws'] as const;
/** What one runs instead as soon as there are several servers, or a worker that emits. */
const CLUSTERED = 'socketio-redis';
const CLUSTERED_NOTE = `“${PEER_TITLES[CLUSTERED]}”: two servers on ws, the phones at one and the events from the other, as with several nodes or a worker that emits. Its CPU is that of both; Redis’s own stands beside it.`;
const APART_NOTE =
  'Phones are on a processor of their own, all servers on the others: a phone that reads never takes its server’s turn.';
const TOGETHER_NOTE =
  'Phones and servers share processors as the kernel likes: latencies are those of both ends together.';
const SIZES = {
  small: { followers: 100, events: 10, intervalMs: 50 },
  full: { followers: 500, events: 100, intervalMs: 100 },
} as const;
/** In a warm-up there are as many times more events in the same time: compiling what is hot competes with what is measured. */
const HASTE = 4;
/** Not counted, before each round: a system has rested while the others had their turns, and its memory is out of every cache. */
const LEAD_IN = 10;
const STREAM = 0;

export const push: Scenario = {
  name: 'push',
  title: 'From an accepted post to 500 phones',
  run: (context) => Stage.with(context, (stage) => run(context, stage)),
};

/** A system whose phones are connected. */
interface Pushed {
  readonly name: string;
  /** Its servers. */
  readonly pids: readonly number[];
  readonly redisPid?: number;
  readonly fleet: Fleet;
  readonly send: (number: number, dueUs: number) => Promise<void>;
}

/** Events one after the other, each due at its moment. */
interface Series {
  readonly from: number;
  readonly count: number;
  readonly intervalMs: number;
}

async function measurePush(
  { pids, redisPid, fleet, send }: Pushed,
  { from, count, intervalMs }: Series,
  totals: DeliveryTotals,
): Promise<Sample> {
  await fleet.begin([from]);
  const redisPids = redisPid === undefined ? [] : [redisPid];
  const before = { servers: cpuOf(pids), redis: cpuOf(redisPids) };
  const startUs = nowUs() + intervalMs * 1000;
  for (let sent = 0; sent < count; sent++) {
    const dueUs = startUs + sent * intervalMs * 1000;
    await untilDue(dueUs);
    // One after the other, as their numbers are: requests under way at once have no order. What waits for it counts from when
    // it was due.
    await send(from + sent, dueUs);
  }
  await fleet.delivered(count);
  const each = (seconds: number): number => (seconds * 1e3) / count;
  const cpu = each(cpuOf(pids) - before.servers);
  const redisCpu = each(cpuOf(redisPids) - before.redis);
  const report = await fleet.finish([from + count]);
  totals.add(report);
  return {
    p50Ms: report.latency.percentile(0.5) / 1000,
    p99Ms: report.latency.percentile(0.99) / 1000,
    lastP50Ms: report.last.percentile(0.5) / 1000,
    lastP99Ms: report.last.percentile(0.99) / 1000,
    cpuMillisecondsPerEvent: cpu,
    ...(redisPid === undefined ? {} : { redisCpuMillisecondsPerEvent: redisCpu }),
  };
}

function serversOf({ pids, redisPid }: Pushed): readonly number[] {
  return redisPid === undefined ? pids : [...pids, redisPid];
}

function cpuOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + cpuSeconds(pid), 0);
}

async function run(context: ScenarioContext, stage: Stage): Promise<ScenarioResult> {
  const { scale, rounds, progress } = context;
  const { followers, events, intervalMs } = SIZES[scale];
  const world = await stage.world({ ...EMPTY_PLAN, readers: followers, regulars: 1, postsPerRegular: 100 });
  const product = await stage.product(world);
  const [author] = world.regulars;
  const [follower] = world.readers;
  if (author === undefined || follower === undefined) throw new Error('the world has no people');
  const template = postTemplate(await sampleEvent(product, follower, () => product.edit(author, STREAM, 0)));
  const { peers, missing } = await peersOf(context, stage, { world, template });
  const fleet = await stage.fleet(product.target, identitiesOf(world, world.readers), 'the product');
  const requests = stage.own(new RawHttpPool(product.target.host, product.port));
  const path = `/v1/posts/${author.posts.at(-1)}`;
  const token = world.token(author);
  // As thin as what asks the peers to emit: it is the product that is measured.
  const send: Pushed['send'] = async (number, dueUs) => {
    const caption = markedCaption({ stream: STREAM, number, sentAtUs: dueUs });
    const status = await requests.send({ method: 'PUT', path, token, json: JSON.stringify({ caption }) });
    if (status !== 200) throw new Error(`PUT ${path}: ${status}`);
  };
  const totals = new DeliveryTotals();
  let next = 1;
  const contestant = (pushed: Pushed): Contestant => ({
    name: pushed.name,
    measure: async (round) => {
      const haste = round < 0 ? HASTE : 1;
      const series = (count: number): Series => {
        const from = next;
        next += count;
        return { from, count, intervalMs: intervalMs / haste };
      };
      await measurePush(pushed, series(LEAD_IN), totals);
      return measurePush(pushed, series(events * haste), totals);
    },
  });
  const systems = [{ name: 'product', pids: [product.program.pid], fleet, send }, ...peers];
  const apart = systems.every((system) => placeApart(serversOf(system), system.fleet.pids));
  const contestants = systems.map(contestant);
  progress.begin('push', contestants.length * (rounds + 1));
  const figures = await interleave(contestants, { rounds, warmUps: 1, step: (name) => progress.step(name) });
  const against = (name: string): number | null => ratio(figures, 'p99Ms', ['product', name]);
  return {
    systems: figures,
    ratios: known(Object.fromEntries([...PEERS, CLUSTERED].map((name) => [`p99: product / ${name}`, against(name)]))),
    values: known({ 'P6.p99': medianOf(figures, 'product', 'p99Ms'), 'P6.socketio': against(CLUSTERED) }),
    delivered: totals.delivered,
    faults: totals.faults,
    notes: [
      `${followers} followers’ phones, ${events} edited posts a round, one every ${intervalMs} ms, after ${LEAD_IN} that are not counted. Each phone’s arrival counts; “last” is the slowest phone of an event.`,
      apart ? APART_NOTE : TOGETHER_NOTE,
      ...(CLUSTERED in figures ? [CLUSTERED_NOTE] : []),
      ...missing,
    ],
  };
}

async function peersOf(
  context: ScenarioContext,
  stage: Stage,
  { world, template }: { readonly world: World; readonly template: string },
): Promise<{ readonly peers: readonly Pushed[]; readonly missing: readonly string[] }> {
  const identities = identitiesOf(world, world.readers);
  const peers: Pushed[] = [];
  const missing: string[] = [];
  const sendBy =
    (emitter: Peer['program']): Pushed['send'] =>
    async (number) =>
      void (await emitter.call('emit', { events: [{ template, stream: STREAM, number }], by: 'loop' }));
  for (const { name, program, target } of await stage.peers(chosenPeers(PEERS, context.peers), world)) {
    const fleet = await stage.fleet(target, identities, name);
    peers.push({ name, pids: [program.pid], fleet, send: sendBy(program) });
  }
  for (const name of chosenPeers([CLUSTERED], context.peers)) {
    const peer = await stage.clusterPeer(name, world);
    if (peer === null) {
      missing.push(`“${PEER_TITLES[name]}”: ${WITHOUT_REDIS}`);
      continue;
    }
    const { program, emitter, redisPid, target } = peer;
    const fleet = await stage.fleet(target, identities, name);
    peers.push({ name, pids: [program.pid, emitter.pid], redisPid, fleet, send: sendBy(emitter) });
  }
  return { peers, missing };
}
