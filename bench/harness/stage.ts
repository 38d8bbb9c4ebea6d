/**
 * Everything that is up during a scenario: the product, its peers, a fleet of phones for each. All at once, so that rounds
 * can go from one system to the next without starting anything; all gone when the scenario ends, however it ends.
 */
import { join } from 'node:path';
import type { ClientIdentity } from '../load/load-calls.ts';
import { Product } from '../product/product.ts';
import { makeWorld, type World, type WorldPlan } from '../product/world.ts';
import { allDone } from './all-done.ts';
import { Fleet } from './fleet.ts';
import { type ClusterPeer, type ClusterPeerName, type LonePeerName, type Peer, startPeer } from './peers.ts';
import { RedisServer } from './redis-server.ts';
import type { ScenarioContext } from './scenario.ts';

export class Stage {
  private readonly context: ScenarioContext;
  private readonly ending: (() => Promise<void>)[] = [];
  private worlds = 0;
  private fleets = 0;

  private constructor(context: ScenarioContext) {
    this.context = context;
  }

  static async with<Result>(context: ScenarioContext, use: (stage: Stage) => Promise<Result>): Promise<Result> {
    const stage = new Stage(context);
    try {
      return await use(stage);
    } finally {
      for (const end of stage.ending.toReversed()) await end();
    }
  }

  world(plan: WorldPlan): Promise<World> {
    this.context.progress.say('writing the people of this run');
    return makeWorld(join(this.context.folder, `world-${this.worlds++}`), plan);
  }

  async product(world: World): Promise<Product> {
    this.context.progress.say('starting the product');
    const product = await Product.start(world);
    this.ending.push(() => product.stop());
    return product;
  }

  async peer(name: LonePeerName, world: World): Promise<Peer> {
    const peer = await startPeer(name, world.tokenKeyHex);
    this.own(peer.program);
    return peer;
  }

  /** All at once: a start is mostly waiting for it to be over. */
  peers(names: readonly LonePeerName[], world: World): Promise<readonly Peer[]> {
    this.context.progress.say(`starting ${names.join(', ')}`);
    return allDone(names.map((name) => this.peer(name, world)));
  }

  /** With a Redis of its own. Null where redis-server is not installed. */
  async clusterPeer(name: ClusterPeerName, world: World): Promise<ClusterPeer | null> {
    this.context.progress.say(`starting ${name}`);
    const redis = await this.own(new RedisServer()).start();
    if (redis === null) return null;
    const phones = await startPeer(name, world.tokenKeyHex, redis.port);
    this.own(phones.program);
    const clustered = { ...phones, redisPid: redis.pid };
    if (name === 'socketio-streams') return { ...clustered, emitter: phones.program };
    const other = await startPeer(name, world.tokenKeyHex, redis.port);
    return { ...clustered, emitter: this.own(other.program) };
  }

  /** Stops the program at the end. */
  own<Owned extends { stop(): Promise<void> }>(program: Owned): Owned {
    this.ending.push(() => program.stop());
    return program;
  }

  async fleet(target: Fleet['target'], clients: readonly ClientIdentity[], what: string): Promise<Fleet> {
    this.context.progress.say(`connecting ${clients.length} phones to ${what}`);
    const fleet = new Fleet(target, this.fleets++);
    this.ending.push(() => fleet.stop());
    await fleet.open(clients);
    return fleet;
  }
}
