/** A keyspace and a bucket of a test's own on the engines that the CQL_* and S3_* variables name. */
import { randomUUID } from 'node:crypto';
import { systemClock } from '../../src/clock.ts';
import { s3Settings } from '../../src/compose/blobs.ts';
import { cqlSettings } from '../../src/compose/stores.ts';
import { readConfig } from '../../src/config.ts';
import { silentLogger } from '../../src/log.ts';
import { CqlSession } from '../../src/storage/cql/cql-session.ts';
import { removeBucket } from '../storage/s3/test-bucket.ts';
import { temporaryFolder } from './temporary-folder.ts';

const ENGINES = /^(CQL|S3)_/;

export interface RealStores {
  /** Of a node: its name, its queue and its secret; the tables and the photographs are not there. */
  readonly dataDir: string;
  /** What a server or a command needs to be told, beside DATA_DIR. */
  readonly settings: Readonly<Record<string, string>>;
  remove(): Promise<void>;
}

export async function realStores(): Promise<RealStores> {
  const folder = await temporaryFolder();
  const own = randomUUID().slice(0, 8);
  const engines = Object.entries(process.env).filter(([name, value]) => ENGINES.test(name) && value !== undefined);
  const settings = {
    CQL_REPLICATION: '1',
    ...(Object.fromEntries(engines) as Record<string, string>),
    STORE: 'cql',
    BLOBS: 's3',
    QUEUE: 'embedded',
    CQL_KEYSPACE: `shutterline_${own}`,
    S3_BUCKET: `shutterline-${own}`,
  };
  const config = readConfig({ ...settings, DATA_DIR: folder.path });
  return {
    dataDir: folder.path,
    settings,
    async remove() {
      const options = { settings: cqlSettings(config), clock: systemClock, log: silentLogger };
      const session = await CqlSession.open(options, null);
      await session.define(`DROP KEYSPACE IF EXISTS "${config.cqlKeyspace}"`);
      await session.close();
      await removeBucket(s3Settings(config));
      await folder.remove();
    },
  };
}
