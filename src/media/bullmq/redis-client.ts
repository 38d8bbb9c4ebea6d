/**
 * Connections to Redis: one server, a master that sentinels know, or a cluster. Two kinds, because they fail differently:
 *
 *   asking    for what a request waits for. While Redis is away, commands are refused at once and nothing is kept back
 *   working   for taking jobs. Commands wait until Redis is back: what a job ends with must be written down
 */
import { Cluster, Redis } from 'ioredis';
import { StartRefusal } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Logger } from '../../log.ts';

export type RedisClient = Redis | Cluster;

export interface RedisSettings {
  readonly kind: 'single' | 'sentinel' | 'cluster';
  readonly nodes: readonly { readonly host: string; readonly port: number }[];
  /** What sentinels call the master; null for the other kinds. */
  readonly master: string | null;
  readonly database: number;
  readonly username: string | null;
  readonly password: string | null;
  readonly tls: boolean;
}

/** The connections of one queue, and the copies that BullMQ makes of them: once it is over, none of them is tried again. */
export class ConnectionLife {
  private readonly clients: RedisClient[] = [];
  private isOver = false;

  get over(): boolean {
    return this.isOver;
  }

  add(client: RedisClient): void {
    this.clients.push(client);
    if (client instanceof Cluster) return;
    const duplicate = client.duplicate.bind(client);
    client.duplicate = (...options) => {
      const copy = duplicate(...options);
      this.clients.push(copy);
      return copy;
    };
  }

  end(): void {
    this.isOver = true;
    for (const client of this.clients) {
      // One that was told to disconnect between two tries would say nothing more, and keep what waits for it waiting.
      // Another try fails, is the last, and ends it.
      if (client.status === 'reconnecting') client.connect().catch(() => undefined);
      else client.disconnect();
    }
  }
}

/** Errors of the connection are logged, once for each time it is lost. */
export function createRedis(
  settings: RedisSettings,
  purpose: 'asking' | 'working',
  { log, life }: { readonly log: Logger; readonly life: ConnectionLife },
): RedisClient {
  const client = create(settings, purpose, life);
  life.add(client);
  let reported = false;
  client.on('error', (error: unknown) => {
    if (!reported) log.warn('Redis is away', { purpose, error });
    reported = true;
  });
  client.on('ready', () => {
    if (reported) log.info('Redis is back', { purpose });
    reported = false;
  });
  return client;
}

function create(settings: RedisSettings, purpose: 'asking' | 'working', life: ConnectionLife): RedisClient {
  const { kind, nodes, master, database, username, password, tls } = settings;
  const asking = { enableOfflineQueue: false, autoResendUnfulfilledCommands: false, maxRetriesPerRequest: 0 } as const;
  const retryStrategy = (attempt: number): number | null =>
    life.over ? null : Math.min(limits.redisReconnectCapMs, attempt * 50);
  // BullMQ copies a working connection for each worker, and waits for a copy only if it connects by itself.
  const lazyConnect = purpose === 'asking';
  const options = {
    lazyConnect,
    connectTimeout: limits.redisConnectMs,
    keepAlive: limits.redisKeepAliveMs,
    retryStrategy,
    db: database,
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
    ...(tls ? { tls: {} } : {}),
    ...(purpose === 'asking' ? asking : { maxRetriesPerRequest: null }),
  };
  if (kind === 'cluster') {
    return new Cluster([...nodes], {
      lazyConnect,
      clusterRetryStrategy: retryStrategy,
      enableOfflineQueue: purpose === 'working',
      redisOptions: options,
    });
  }
  if (kind === 'sentinel') {
    const sentinels = nodes.map(({ host, port }) => ({ host, port }));
    return new Redis({
      ...options,
      sentinels,
      name: master ?? '',
      sentinelRetryStrategy: retryStrategy,
      enableTLSForSentinelMode: tls,
      ...(tls ? { sentinelTLS: {} } : {}),
    });
  }
  const [node = { host: '127.0.0.1', port: 6379 }] = nodes;
  return new Redis({ ...options, ...node });
}

/** `StartRefusal` unless every server keeps what it was given: one that evicts loses jobs without a word. */
export async function requireNoEviction(client: RedisClient): Promise<void> {
  const servers = client instanceof Cluster ? client.nodes('master') : [client];
  for (const server of servers) {
    const memory = await server.info('memory');
    const policy = /^maxmemory_policy:(\S+)/m.exec(memory)?.[1];
    if (policy === 'noeviction') continue;
    throw new StartRefusal(
      `Redis evicts keys (maxmemory-policy ${policy ?? 'unknown'}), and jobs would vanish. Set maxmemory-policy noeviction.`,
    );
  }
}
