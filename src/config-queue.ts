/** What keeps work that is done later, and how it is reached: the part of the configuration that belongs to it. */
import type { Variable } from './config.ts';
import { matching, oneOf } from './config-values.ts';

export interface RedisNode {
  readonly host: string;
  readonly port: number;
}

/** `sentinel`: the nodes are those that know the master named `master`. `cluster`: some of the nodes, which know the others. */
export interface RedisLocation {
  readonly kind: 'single' | 'sentinel' | 'cluster';
  readonly nodes: readonly RedisNode[];
  readonly master: string | null;
  readonly database: number;
  readonly username: string | null;
  readonly password: string | null;
  readonly tls: boolean;
}

export interface QueueConfig {
  readonly queue: 'embedded' | 'bullmq';
  readonly redisUrl: RedisLocation | null;
  readonly redisPrefix: string;
  readonly mediaWork: 'inside' | 'apart';
}

const URL_PATTERN = /^(rediss?)(?:\+(sentinel|cluster))?:\/\/(?:([^@/]*)@)?([^@/]+)(?:\/([^?#]*))?$/;
const DEFAULT_PORTS = { single: 6379, sentinel: 26_379, cluster: 6379 } as const;

function location(text: string): RedisLocation {
  const match = URL_PATTERN.exec(text);
  if (match === null) throw new Error('it does not have that form');
  const [, scheme, form, credentials = '', hosts = '', path = ''] = match;
  const kind = form === 'sentinel' || form === 'cluster' ? form : 'single';
  const nodes = hosts.split(',').map((host) => node(host.trim(), DEFAULT_PORTS[kind]));
  if (kind === 'single' && nodes.length > 1)
    throw new Error('several hosts need redis+sentinel:// or redis+cluster://');
  const [master, database = '0'] = kind === 'sentinel' ? path.split('/') : [null, path || '0'];
  if (master === '') throw new Error('the name of the master is missing');
  if (!/^\d{1,5}$/.test(database)) throw new Error('that is not a database number');
  if (kind === 'cluster' && database !== '0') throw new Error('a cluster has no databases');
  const [username, password] = credentials.includes(':') ? split(credentials) : ['', credentials];
  return {
    kind,
    nodes,
    master: master ?? null,
    database: Number(database),
    username: username === '' ? null : decodeURIComponent(username),
    password: password === '' ? null : decodeURIComponent(password),
    tls: scheme === 'rediss',
  };
}

function split(credentials: string): [string, string] {
  const colon = credentials.indexOf(':');
  return [credentials.slice(0, colon), credentials.slice(colon + 1)];
}

function node(text: string, defaultPort: number): RedisNode {
  const [, host, port = String(defaultPort)] = /^([A-Za-z0-9_.-]+|\[[0-9a-fA-F:]+\])(?::(\d+))?$/.exec(text) ?? [];
  if (host === undefined) throw new Error('a host is not host or host:port');
  if (Number(port) < 1 || Number(port) > 65_535) throw new Error('that is not a port');
  return { host: host.replace(/^\[(.*)\]$/, '$1'), port: Number(port) };
}

export const QUEUE_VARIABLES: { readonly [Name in keyof QueueConfig]: Variable<QueueConfig[Name]> } = {
  queue: {
    name: 'QUEUE',
    meaning:
      'What keeps work that is done later: a file in DATA_DIR, or Redis (BullMQ), which workers of their own share.',
    allowed: 'embedded or bullmq',
    fallbackText: 'embedded',
    fallback: 'embedded',
    parse: oneOf('embedded', 'bullmq'),
  },
  redisUrl: {
    name: 'REDIS_URL',
    confidential: true,
    meaning: 'The Redis server, which must never evict (maxmemory-policy noeviction). Needed with QUEUE=bullmq.',
    allowed:
      'redis://user:password@host:port/database, redis+sentinel://host,host/master or redis+cluster://host,host; rediss for TLS',
    fallbackText: 'none',
    fallback: null,
    parse: location,
  },
  redisPrefix: {
    name: 'REDIS_PREFIX',
    meaning: 'Begins every key, so that several installations can share a server.',
    allowed: 'letters, digits, _ and -',
    fallbackText: 'shutterline',
    fallback: 'shutterline',
    parse: matching(/^[A-Za-z0-9_-]{1,40}$/),
  },
  mediaWork: {
    name: 'MEDIA_WORK',
    meaning: 'Who renders photographs: this process too, or only those of `npm run worker` (with QUEUE=bullmq).',
    allowed: 'inside or apart',
    fallbackText: 'inside',
    fallback: 'inside',
    parse: oneOf('inside', 'apart'),
  },
};
