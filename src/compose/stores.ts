/** Opens the tables in the engine that the configuration names, and says who this node is among those that share them. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import type { Logger } from '../log.ts';
import type { CqlSettings } from '../storage/cql/cql-session.ts';
import { CqlStore } from '../storage/cql/cql-store.ts';
import { migrate, type MigrationReport } from '../storage/cql/migration.ts';
import { EmbeddedStore } from '../storage/embedded/embedded-store.ts';
import { SCHEMA_VERSION, TABLES } from '../storage/schema.ts';
import type { Store } from '../storage/store.ts';

export interface StoreBasics {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface OpenedStore {
  readonly store: Store;
  /** Names this node for its slot: across restarts, and no other node of the same store. */
  readonly owner: string;
}

const SCHEMA = { tables: TABLES, schemaVersion: SCHEMA_VERSION };
/** The data folder is locked, so there is one such node per store. */
const EMBEDDED_OWNER = 'embedded';

export async function openStore({ config, clock, log }: StoreBasics): Promise<OpenedStore> {
  await mkdir(config.dataDir, { recursive: true });
  if (config.store === 'embedded') {
    const store = await EmbeddedStore.open({ ...SCHEMA, directory: config.dataDir, clock, log });
    return { store, owner: EMBEDDED_OWNER };
  }
  const owner = await keptNodeName(config.dataDir, clock);
  return { store: await CqlStore.open({ ...SCHEMA, settings: cqlSettings(config), clock, log }), owner };
}

/** `npm run migrate`: brings the keyspace to this release without starting a node. */
export async function migrateStore({ config, clock, log }: StoreBasics): Promise<MigrationReport> {
  return migrate({ ...SCHEMA, settings: cqlSettings(config), clock, log });
}

export function cqlSettings(config: Config): CqlSettings {
  const { cqlUsername: username, cqlPassword: password, cqlReplication: replication, cqlTls } = config;
  return {
    contactPoints: config.cqlContactPoints,
    localDataCenter: config.cqlLocalDataCenter,
    keyspace: config.cqlKeyspace,
    replication: typeof replication === 'number' ? { [config.cqlLocalDataCenter]: replication } : replication,
    consistency: config.cqlConsistency,
    credentials: username === null || password === null ? null : { username, password },
    tls: cqlTls === 'off' ? null : cqlTls,
  };
}

/**
 * Made once and kept in the data folder. With the host's name in front, so that a folder that was copied to another machine
 * makes another node; the random part tells the folders of one machine apart.
 */
async function keptNodeName(dataDir: string, clock: Clock): Promise<string> {
  const path = join(dataDir, 'node-name');
  const made = clock.randomBytes(12).toString('base64url');
  await writeFile(path, made, { flag: 'wx' }).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  });
  return `${hostname()}/${await readFile(path, 'utf8')}`;
}
