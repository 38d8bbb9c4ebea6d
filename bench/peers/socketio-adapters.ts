/** How socket.io servers are joined over Redis, by the name of the peer's argument: as the adapters' manuals show it. */
import { createAdapter as createPubSubAdapter } from '@socket.io/redis-adapter';
import { createAdapter as createStreamsAdapter } from '@socket.io/redis-streams-adapter';
import { Redis } from 'ioredis';
import type { ServerOptions } from 'socket.io';

/** Above its own 10,000: with so many packets of others, the place where a client left off would already be cut off. */
const STREAM_ENTRIES_MAX = 20_000;

export interface ClusterAdapter {
  readonly create: NonNullable<ServerOptions['adapter']>;
  /** Resolves when everything published from now on arrives. */
  ready(): Promise<void>;
}

/** Null: the server stands alone. */
export function clusterAdapter(options: readonly string[], redisPort: number): ClusterAdapter | null {
  // With a limit of retries, a publish that nobody waits for would end the process.
  const connect = (): Redis => new Redis({ host: '127.0.0.1', port: redisPort, maxRetriesPerRequest: null });
  if (options.includes('redis')) {
    const publishing = connect();
    const subscribing = connect();
    return {
      create: createPubSubAdapter(publishing, subscribing),
      // Commands of a connection are answered in order: the subscriptions stand before the pong.
      ready: async () => void (await Promise.all([publishing.ping(), subscribing.ping()])),
    };
  }
  if (options.includes('streams')) {
    const client = connect();
    return {
      create: createStreamsAdapter(client, { maxLen: STREAM_ENTRIES_MAX }),
      ready: async () => void (await client.ping()),
    };
  }
  return null;
}
