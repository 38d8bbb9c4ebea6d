/** Configuration from environment variables. A wrong value stops the start with the variable's name, the reason and what is allowed. */
import { BLOB_VARIABLES, type BlobConfig } from './config-blobs.ts';
import { QUEUE_VARIABLES, type QueueConfig } from './config-queue.ts';
import { STORE_VARIABLES, type StoreConfig } from './config-store.ts';
import { nonEmpty, origin } from './config-values.ts';
import { limits } from './limits.ts';
import type { LogLevel } from './log.ts';

export interface Config extends StoreConfig, BlobConfig, QueueConfig {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  /** Base of every absolute URL, without a final slash; null: `http://<host>:<port>` of the listening socket. */
  readonly publicUrl: string | null;
  /** How many proxies in front may be believed about the client's address. */
  readonly trustProxy: number;
  /** Origins whose pages may call this server, beside its own. */
  readonly allowedOrigins: readonly string[];
  readonly logLevel: LogLevel;
  /** Roots of all derived keys, newest first; null: one is made once and kept in the data directory. */
  readonly secrets: readonly string[] | null;
  /** What /metrics asks for; null: nothing. */
  readonly metricsToken: string | null;
  readonly celebrityThreshold: number;
  readonly celebrityHysteresis: number;
  /** How long a newly celebrated author's posts are still pushed, so that every node knows by then. */
  readonly celebrityGraceMs: number;
  readonly flushWindowMs: number;
  /** Multiplies every rate limit; for load tests. */
  readonly rateLimitFactor: number;
}

export interface Variable<Value> {
  readonly name: string;
  readonly meaning: string;
  readonly allowed: string;
  /** Shown in the documents. */
  readonly fallbackText: string;
  readonly fallback: Value;
  /** The value, or throws with the reason. */
  readonly parse: (text: string) => Value;
  /** The value is never shown, not even when it is refused. */
  readonly confidential?: true;
}

export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
}

function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) throw new Error('it is not a whole number in that range');
    return value;
  };
}

function logLevel(text: string): LogLevel {
  for (const level of ['debug', 'info', 'warn', 'error', 'silent'] as const) if (text === level) return level;
  throw new Error('there is no such level');
}

function secrets(text: string): readonly string[] {
  const roots = text.split(',').map((part) => part.trim());
  if (roots.some((root) => Buffer.byteLength(root) < 32)) throw new Error('one of them is shorter than 32 bytes');
  return roots;
}

function bearerToken(text: string): string {
  if (!/^[\x21-\x7e]{16,256}$/.test(text)) throw new Error('it is not 16 to 256 visible ASCII characters');
  return text;
}

/** Every variable, in the order of the README's table. */
export const VARIABLES: { readonly [Name in keyof Config]: Variable<Config[Name]> } = {
  host: {
    name: 'HOST',
    meaning: 'Address to listen on.',
    allowed: 'an address of this machine, or 0.0.0.0 for all',
    fallbackText: '127.0.0.1',
    fallback: '127.0.0.1',
    parse: nonEmpty,
  },
  port: {
    name: 'PORT',
    meaning: 'Port to listen on; 0 takes a free one.',
    allowed: '0 to 65535',
    fallbackText: '8080',
    fallback: 8080,
    parse: whole(0, 65_535),
  },
  dataDir: {
    name: 'DATA_DIR',
    meaning: 'Folder that holds everything: database, jobs, photographs, keys. Made if it is not there.',
    allowed: 'a path that can be written to, used by one process only',
    fallbackText: './data',
    fallback: './data',
    parse: nonEmpty,
  },
  publicUrl: {
    name: 'PUBLIC_URL',
    meaning: 'How clients reach this server; every absolute URL begins with it.',
    allowed: 'an http or https URL without query',
    fallbackText: 'http://HOST:PORT',
    fallback: null,
    parse: origin,
  },
  trustProxy: {
    name: 'TRUST_PROXY',
    meaning: 'Number of reverse proxies in front; that many entries of X-Forwarded-For are believed.',
    allowed: '0 to 10',
    fallbackText: '0',
    fallback: 0,
    parse: whole(0, 10),
  },
  allowedOrigins: {
    name: 'ALLOWED_ORIGINS',
    meaning: 'Further web origins whose pages may call this server.',
    allowed: 'http or https origins, separated by commas',
    fallbackText: 'none',
    fallback: [],
    parse: (text) => text.split(',').map((part) => origin(part.trim())),
  },
  logLevel: {
    name: 'LOG_LEVEL',
    meaning: 'How much is logged.',
    allowed: 'debug, info, warn, error or silent',
    fallbackText: 'info',
    fallback: 'info',
    parse: logLevel,
  },
  secrets: {
    name: 'SECRET',
    meaning:
      'Root of all signing keys; nodes of one cluster share it. To replace it, put the new one in front and keep the old one for 60 days.',
    allowed: 'one or more of at least 32 bytes, separated by commas, newest first',
    fallbackText: 'made once, kept in DATA_DIR',
    fallback: null,
    parse: secrets,
    confidential: true,
  },
  metricsToken: {
    name: 'METRICS_TOKEN',
    meaning:
      'What /metrics asks for, as `Authorization: Bearer`. Without it anyone who reaches the port may read them.',
    allowed: '16 to 256 visible ASCII characters',
    fallbackText: 'none',
    fallback: null,
    confidential: true,
    parse: bearerToken,
  },
  celebrityThreshold: {
    name: 'CELEBRITY_THRESHOLD',
    meaning: 'Followers from which an author’s posts are read by followers instead of written to each.',
    allowed: '1 to 1000000000',
    fallbackText: String(limits.celebrityThreshold),
    fallback: limits.celebrityThreshold,
    parse: whole(1, 1_000_000_000),
  },
  celebrityHysteresis: {
    name: 'CELEBRITY_HYSTERESIS',
    meaning: 'Followers below which such an author’s posts are written to each again; at most the threshold.',
    allowed: '0 to 1000000000',
    fallbackText: String(limits.celebrityHysteresis),
    fallback: limits.celebrityHysteresis,
    parse: whole(0, 1_000_000_000),
  },
  celebrityGraceMs: {
    name: 'CELEBRITY_GRACE_MS',
    meaning: 'Milliseconds between crossing the threshold and the first pulled post.',
    allowed: '0 to 3600000',
    fallbackText: String(limits.celebrityGraceMs),
    fallback: limits.celebrityGraceMs,
    parse: whole(0, 3_600_000),
  },
  flushWindowMs: {
    name: 'FLUSH_WINDOW_MS',
    meaning: 'Milliseconds over which events to one phone are gathered into one frame; 0 for latency first.',
    allowed: '0 to 1000',
    fallbackText: String(limits.flushWindowMs),
    fallback: limits.flushWindowMs,
    parse: whole(0, 1000),
  },
  rateLimitFactor: {
    name: 'RATE_LIMIT_FACTOR',
    meaning: 'Multiplies every rate limit; raise it for load tests.',
    allowed: '1 to 1000000',
    fallbackText: '1',
    fallback: 1,
    parse: whole(1, 1_000_000),
  },
  ...STORE_VARIABLES,
  ...BLOB_VARIABLES,
  ...QUEUE_VARIABLES,
};

function read<Value>(variable: Variable<Value>, environment: Readonly<Record<string, string | undefined>>): Value {
  const text = environment[variable.name];
  if (text === undefined) return variable.fallback;
  try {
    return variable.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'it cannot be read';
    const shown = variable.confidential === true ? '(hidden)' : JSON.stringify(text);
    throw new ConfigurationError(`${variable.name}=${shown} is refused: ${reason}. Allowed: ${variable.allowed}.`);
  }
}

function readAll<Part extends object>(
  variables: { readonly [Name in keyof Part]: Variable<Part[Name]> },
  environment: Readonly<Record<string, string | undefined>>,
): Part {
  const entries = Object.entries<Variable<unknown>>(variables);
  return Object.fromEntries(entries.map(([name, variable]) => [name, read(variable, environment)])) as Part;
}

/** What another choice makes necessary. */
function requireSet(config: Config, choice: string, names: readonly (keyof Config)[]): void {
  const missing = names.find((name) => config[name] === null);
  if (missing === undefined) return;
  const { name, allowed } = VARIABLES[missing];
  throw new ConfigurationError(`${name} is missing: ${choice} needs it. Allowed: ${allowed}.`);
}

/** Throws `ConfigurationError` for the first value that is not allowed. */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const config: Config = {
    host: read(VARIABLES.host, environment),
    port: read(VARIABLES.port, environment),
    dataDir: read(VARIABLES.dataDir, environment),
    publicUrl: read(VARIABLES.publicUrl, environment),
    trustProxy: read(VARIABLES.trustProxy, environment),
    allowedOrigins: read(VARIABLES.allowedOrigins, environment),
    logLevel: read(VARIABLES.logLevel, environment),
    secrets: read(VARIABLES.secrets, environment),
    metricsToken: read(VARIABLES.metricsToken, environment),
    celebrityThreshold: read(VARIABLES.celebrityThreshold, environment),
    celebrityHysteresis: read(VARIABLES.celebrityHysteresis, environment),
    celebrityGraceMs: read(VARIABLES.celebrityGraceMs, environment),
    flushWindowMs: read(VARIABLES.flushWindowMs, environment),
    rateLimitFactor: read(VARIABLES.rateLimitFactor, environment),
    store: read(VARIABLES.store, environment),
    cqlContactPoints: read(VARIABLES.cqlContactPoints, environment),
    cqlLocalDataCenter: read(VARIABLES.cqlLocalDataCenter, environment),
    cqlKeyspace: read(VARIABLES.cqlKeyspace, environment),
    cqlReplication: read(VARIABLES.cqlReplication, environment),
    cqlConsistency: read(VARIABLES.cqlConsistency, environment),
    cqlUsername: read(VARIABLES.cqlUsername, environment),
    cqlPassword: read(VARIABLES.cqlPassword, environment),
    cqlTls: read(VARIABLES.cqlTls, environment),
    ...readAll<BlobConfig>(BLOB_VARIABLES, environment),
    ...readAll<QueueConfig>(QUEUE_VARIABLES, environment),
  };
  if (config.blobs === 's3') requireSet(config, 'BLOBS=s3', ['s3Endpoint', 's3AccessKey', 's3SecretKey']);
  if (config.queue === 'bullmq') requireSet(config, 'QUEUE=bullmq', ['redisUrl']);
  else if (config.mediaWork === 'apart') {
    throw new ConfigurationError(
      'MEDIA_WORK="apart" is refused: with QUEUE=embedded no other process can take the work. Allowed: inside, or QUEUE=bullmq.',
    );
  }
  if ((config.cqlUsername === null) !== (config.cqlPassword === null)) {
    throw new ConfigurationError(
      'CQL_USERNAME is refused: it needs CQL_PASSWORD, and the other way round. Allowed: both or none.',
    );
  }
  const followed = Math.min(limits.celebrityHysteresis, config.celebrityThreshold);
  if (environment[VARIABLES.celebrityHysteresis.name] === undefined)
    return { ...config, celebrityHysteresis: followed };
  if (config.celebrityHysteresis > config.celebrityThreshold) {
    throw new ConfigurationError(
      `CELEBRITY_HYSTERESIS=${config.celebrityHysteresis} is refused: it is above CELEBRITY_THRESHOLD=${config.celebrityThreshold}. Allowed: 0 to that.`,
    );
  }
  return config;
}
