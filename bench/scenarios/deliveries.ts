/**
 * Events to everyone, the same for fan-out and coalescing: the product with its authors and every peer, a fleet of phones
 * for each, and bursts that every phone has seen before the next goes out.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { allDone } from '../harness/all-done.ts';
import { addFaults, type DeliveryFaults, NO_FAULTS } from '../harness/delivery-check.ts';
import type { Fleet, FleetReport } from '../harness/fleet.ts';
import { identitiesOf } from '../harness/identities.ts';
import { chosenPeers, type Peer, type LonePeerName } from '../harness/peers.ts';
import { cpuSeconds, unreadBytes } from '../harness/process-figures.ts';
import type { Sample } from '../harness/rounds.ts';
import type { ScenarioContext } from '../harness/scenario.ts';
import type { Stage } from '../harness/stage.ts';
import type { Product } from '../product/product.ts';
import type { Person, World, WorldPlan } from '../product/world.ts';

export interface Audience {
  readonly world: World;
  readonly product: Product;
  readonly productFleet: Fleet;
  readonly peers: readonly { readonly peer: Peer; readonly fleet: Fleet }[];
  /** A follower who is not connected. */
  readonly spare: Person;
}

/** Connects `plan.readers` phones to the product and to each peer. */
export async function gather(
  context: ScenarioContext,
  stage: Stage,
  plan: WorldPlan,
  known: readonly LonePeerName[],
): Promise<Audience> {
  const world = await stage.world({ ...plan, readers: plan.readers + 1 });
  const spare = world.readers[plan.readers];
  if (spare === undefined) throw new Error('the world has no people');
  const identities = identitiesOf(world, world.readers.slice(0, plan.readers));
  const [product, started] = await allDone([
    stage.product(world),
    stage.peers(chosenPeers(known, context.peers), world),
  ]);
  await product.warmUp(world.stars, context.scale);
  const productFleet = await stage.fleet(product.target, identities, 'the product');
  const peers = [];
  for (const peer of started) peers.push({ peer, fleet: await stage.fleet(peer.target, identities, peer.name) });
  return { world, product, productFleet, peers, spare };
}

export interface DeliveryRun {
  readonly pid: number;
  /** Where the server listens. */
  readonly port: number;
  readonly fleet: Fleet;
  readonly streams: number;
  /** Sends event `number` of every stream at once. */
  readonly burst: (number: number) => Promise<void>;
}

const READ_POLL_MS = 20;
const READ_MS_MAX = 5_000;

export class DeliveryTotals {
  delivered = 0;
  faults: DeliveryFaults = NO_FAULTS;

  add(report: Pick<FleetReport, 'delivered' | keyof DeliveryFaults>): void {
    this.delivered += report.delivered;
    this.faults = addFaults(this.faults, report);
  }
}

/** Resolves when the server has read what was sent to it; one that hangs shows in what it delivers. */
async function allRead(port: number): Promise<void> {
  for (let waitedMs = 0; waitedMs < READ_MS_MAX; waitedMs += READ_POLL_MS) {
    await pause(READ_POLL_MS);
    if (unreadBytes(port) === 0) return;
  }
}

/** Sends `bursts` from number `from` on, and says what they cost the server. */
export async function measureBursts(
  run: DeliveryRun,
  from: number,
  bursts: number,
  totals: DeliveryTotals,
): Promise<Sample> {
  const { fleet, pid, port, streams } = run;
  const starts = Array.from({ length: streams }, () => from);
  await fleet.begin(starts);
  const cpuBefore = cpuSeconds(pid);
  const startedMs = performance.now();
  for (let burst = 0; burst < bursts; burst++) {
    await run.burst(from + burst);
    await fleet.delivered((burst + 1) * streams);
  }
  const seconds = (performance.now() - startedMs) / 1000;
  // A round is shorter than a phone may wait with its acknowledgement: what is owed for these events belongs to their cost.
  await fleet.acknowledge();
  await allRead(port);
  const cpu = cpuSeconds(pid) - cpuBefore;
  const report = await fleet.finish(starts.map((start) => start + bursts));
  totals.add(report);
  const timed = report.latency.count > 0;
  return {
    deliveriesPerCpuSecond: report.delivered / cpu,
    cpuMicrosecondsPerDelivery: (cpu * 1e6) / report.delivered,
    eventsPerFrame: report.delivered / report.frames,
    cpuSeconds: cpu,
    wallSeconds: seconds,
    ...(timed ? { latencyP50Ms: report.latency.percentile(0.5) / 1000 } : {}),
    ...(timed ? { latencyP99Ms: report.latency.percentile(0.99) / 1000 } : {}),
  };
}
