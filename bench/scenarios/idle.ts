/**
 * What a connected phone costs that does nothing: memory of the server and of the kernel per connection, as the slope
 * between few and many connections, and CPU per second. The product twice: every phone of another user (each with an
 * actor and a full hot timeline), and sixteen phones a user; the difference is the actor.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { NO_FAULTS } from '../harness/delivery-check.ts';
import { Fleet } from '../harness/fleet.ts';
import { identitiesOf } from '../harness/identities.ts';
import { chosenPeers, type PeerName, startPeer } from '../harness/peers.ts';
import { cpuSeconds, kernelMemory, memoryOf } from '../harness/process-figures.ts';
import { type Contestant, interleave, known, medianOf, type Sample } from '../harness/rounds.ts';
import type { Scenario, ScenarioContext, ScenarioResult, SystemFigures } from '../harness/scenario.ts';
import { Stage } from '../harness/stage.ts';
import type { ClientIdentity } from '../load/load-calls.ts';
import type { HeapUse } from '../peers/server-calls.ts';
import { Product } from '../product/product.ts';
import { EMPTY_PLAN, type World } from '../product/world.ts';
import type { LoadTarget } from '../load/load-calls.ts';

const PEERS: readonly PeerName[] = ['uws', 'ws', 'socketio-ws', 'socketio-uws'];
const SIZES = {
  small: { few: 50, many: 400, idleMs: 200, settleMs: 100 },
  /** Settled: timers of a second have run, and what was done for the last connection is over. */
  full: { few: 2_000, many: 16_000, idleMs: 10_000, settleMs: 1_500 },
} as const;
type Size = (typeof SIZES)['small' | 'full'];
const DEVICES_EACH = 16;

export const idle: Scenario = {
  name: 'idle',
  title: 'A connected phone that does nothing',
  run: (context) => Stage.with(context, (stage) => run(context, stage)),
};

interface RunningServer {
  readonly pid: number;
  readonly target: LoadTarget;
  heap(): Promise<HeapUse>;
  stop(): Promise<void>;
}

interface Reading {
  readonly resident: number;
  readonly private: number;
  readonly heap: number;
  readonly external: number;
  readonly slab: number;
}

async function read(server: RunningServer, settleMs: number): Promise<Reading> {
  await pause(settleMs);
  const { heapBytes, externalBytes } = await server.heap();
  const { residentBytes, privateBytes } = memoryOf(server.pid);
  const { slabBytes } = kernelMemory();
  return { resident: residentBytes, private: privateBytes, heap: heapBytes, external: externalBytes, slab: slabBytes };
}

async function measure(
  start: () => Promise<RunningServer>,
  clients: () => readonly ClientIdentity[],
  scale: ScenarioContext['scale'],
): Promise<Sample> {
  const { few, many, idleMs, settleMs } = SIZES[scale];
  const server = await start();
  const fleet = new Fleet(server.target);
  try {
    const all = clients();
    await fleet.open(all.slice(0, few));
    const before = await read(server, settleMs);
    await fleet.open(all.slice(few, many));
    const after = await read(server, settleMs);
    const cpuBefore = cpuSeconds(server.pid);
    await pause(idleMs);
    const cpu = cpuSeconds(server.pid) - cpuBefore;
    const each = (of: keyof Reading): number => (after[of] - before[of]) / (many - few);
    return {
      privateBytes: each('private'),
      residentBytes: each('resident'),
      heapBytes: each('heap'),
      externalBytes: each('external'),
      // The phones are on this machine too: half of it is the server's.
      kernelBytes: each('slab') / 2,
      cpuMicrosecondsPerSecond: (cpu * 1e6) / many / (idleMs / 1000),
    };
  } finally {
    await fleet.stop();
    await server.stop();
  }
}

async function startProduct(world: World): Promise<RunningServer> {
  const product = await Product.start(world);
  return {
    pid: product.program.pid,
    target: product.target,
    heap: () => product.program.call('heap', null),
    stop: () => product.stop(),
  };
}

async function startPeerServer(name: PeerName, world: World): Promise<RunningServer> {
  const { program, target } = await startPeer(name, world.tokenKeyHex);
  return { pid: program.pid, target, heap: () => program.call('heap', null), stop: () => program.stop() };
}

async function run(context: ScenarioContext, stage: Stage): Promise<ScenarioResult> {
  const { scale, rounds, progress } = context;
  const { many } = SIZES[scale];
  const world = await stage.world({ ...EMPTY_PLAN, readers: many, stars: 4, postsPerStar: 30 });
  const own = (): ClientIdentity[] => identitiesOf(world, world.readers);
  const shared = (): ClientIdentity[] =>
    identitiesOf(world, world.readers.slice(0, Math.ceil(many / DEVICES_EACH)), DEVICES_EACH).slice(0, many);
  const contestants: Contestant[] = [
    { name: 'product, one phone a user', measure: () => measure(() => startProduct(world), own, scale) },
    { name: 'product, 16 phones a user', measure: () => measure(() => startProduct(world), shared, scale) },
    ...chosenPeers(PEERS, context.peers).map((name) => ({
      name,
      measure: () => measure(() => startPeerServer(name, world), own, scale),
    })),
  ];
  progress.begin('idle', contestants.length * rounds);
  const systems = await interleave(contestants, { rounds, warmUps: 0, step: (name) => progress.step(name) });
  return { ...judged(systems), delivered: 0, faults: NO_FAULTS, notes: notesOf(SIZES[scale]) };
}

/** One phone a user = connection + actor; sixteen = connection + actor / 16. */
function judged(
  systems: Readonly<Record<string, SystemFigures>>,
): Pick<ScenarioResult, 'systems' | 'ratios' | 'values'> {
  const own = medianOf(systems, 'product, one phone a user', 'privateBytes');
  const shared = medianOf(systems, 'product, 16 phones a user', 'privateBytes');
  const actor = ((own - shared) * DEVICES_EACH) / (DEVICES_EACH - 1);
  const connection = own - actor;
  const against = (name: string): number => connection / medianOf(systems, name, 'privateBytes');
  return {
    systems,
    ratios: known({
      'connection without actor / uws': against('uws'),
      'connection without actor / ws': against('ws'),
      'connection without actor / socketio-ws': against('socketio-ws'),
      'connection without actor / socketio-uws': against('socketio-uws'),
      'connection with actor / uws': own / medianOf(systems, 'uws', 'privateBytes'),
      'bytes of a connection': connection,
      'bytes of its actor': actor,
    }),
    values: known({
      'P1.without-actor': against('uws'),
      'P1.with-actor': own / 1024,
      'P3.idle-cpu': medianOf(systems, 'product, one phone a user', 'cpuMicrosecondsPerSecond'),
    }),
  };
}

function notesOf({ few, many, idleMs }: Size): string[] {
  return [
    `Slope between ${few} and ${many} connections of a fresh process, after two full collections; private memory counts.`,
    'Kernel memory is the growth of all kernel objects on the machine, halved, since both ends are here: indicative only.',
    `CPU: of the ${idleMs / 1000} seconds after the last connection. Pings, one a connection in two minutes, lie outside of them, for all.`,
    'Without its actor: computed from the two product rows (connection + actor, connection + actor / 16).',
  ];
}
