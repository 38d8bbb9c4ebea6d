/**
 * socket.io's own way to bring what was missed, connection state recovery, from the two places it can keep packets in:
 * the server's memory, and a Redis stream that several servers share.
 */
import { identitiesOf } from '../harness/identities.ts';
import { chosenPeers, type ClusterPeer, type Peer, PEER_TITLES } from '../harness/peers.ts';
import { WITHOUT_REDIS } from '../harness/redis-server.ts';
import type { Contestant } from '../harness/rounds.ts';
import type { ScenarioContext } from '../harness/scenario.ts';
import type { Stage } from '../harness/stage.ts';
import type { World } from '../product/world.ts';
import type { DeliveryTotals } from './deliveries.ts';
import { type Audience, measureReturn } from './returns.ts';

export const IN_MEMORY = 'socketio-recovery';
export const FROM_STREAM = 'socketio-streams';
/** Each recovery in memory takes milliseconds once there was traffic; each from the stream reads all of it anew. */
export const RECOVERING = { [IN_MEMORY]: 200, [FROM_STREAM]: 20 } as const;
const MISSED = 10;
const STREAM = 0;

export interface RecoveryPlan {
  readonly context: ScenarioContext;
  readonly stage: Stage;
  readonly world: World;
  /** The event as the product sends it. */
  readonly template: string;
  readonly totals: DeliveryTotals;
  readonly littleTraffic: number;
  readonly muchTraffic: number;
}

export interface Recoveries {
  readonly contestants: readonly Contestant[];
  /** Why some of them are not there. */
  readonly missing: readonly string[];
}

export async function recoveries(plan: RecoveryPlan): Promise<Recoveries> {
  const { context, stage, world } = plan;
  const contestants: Contestant[] = [];
  const missing: string[] = [];
  for (const name of chosenPeers([IN_MEMORY], context.peers)) {
    const peer = await stage.peer(name, world);
    contestants.push(...(await contestantsOf(plan, name, peer)));
  }
  for (const name of chosenPeers([FROM_STREAM], context.peers)) {
    const peer = await stage.clusterPeer(name, world);
    if (peer === null) missing.push(`“${PEER_TITLES[name]}”: ${WITHOUT_REDIS}`);
    else contestants.push(...(await contestantsOf(plan, name, peer)));
  }
  return { contestants, missing };
}

async function contestantsOf(
  { context, stage, world, template, totals, littleTraffic, muchTraffic }: RecoveryPlan,
  name: keyof typeof RECOVERING,
  peer: Peer | ClusterPeer,
): Promise<Contestant[]> {
  const fleet = await stage.fleet(peer.target, identitiesOf(world, world.readers.slice(0, RECOVERING[name])), name);
  const happen = async (number: number): Promise<void> => {
    await peer.program.call('emit', { events: [{ template, stream: STREAM, number }], by: 'loop' });
  };
  const audience: Audience = {
    pid: peer.program.pid,
    ...('redisPid' in peer ? { redisPid: peer.redisPid } : {}),
    fleet,
    next: 1,
    happen,
    traffic: async (count) => void (await peer.program.call('emitToOthers', { template, count })),
  };
  // Whoever has received nothing yet cannot recover.
  await fleet.begin([0]);
  await happen(0);
  await fleet.delivered(1);
  totals.add(await fleet.finish([1]));
  const absence = { scale: context.scale, greeting: 'resume-frame', cycles: 1, missed: MISSED } as const;
  return [
    {
      name: `${name}, little traffic`,
      measure: () => measureReturn(audience, { ...absence, traffic: littleTraffic }, totals),
    },
    {
      name: `${name}, much traffic`,
      measure: () => measureReturn(audience, { ...absence, traffic: muchTraffic }, totals),
    },
  ];
}
