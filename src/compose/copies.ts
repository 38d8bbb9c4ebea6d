/** `npm run copy -- --from … --to …`: opens both ends by their names. */
import { join, resolve } from 'node:path';
import { type Config, readConfig } from '../config.ts';
import { StartRefusal } from '../errors.ts';
import { copyInstallation, type CopyReport } from '../maintenance/copy/copy.ts';
import { CopyProgress } from '../maintenance/copy/copy-progress.ts';
import { carrySecret, readKeptSecret } from './kept-secret.ts';
import { openInstallation } from './maintenance.ts';
import type { StoreBasics } from './stores.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface CopyEnds {
  /** Each `embedded:<folder>`, or `configuration`: what the environment says. */
  readonly from: string;
  readonly to: string;
}

export interface Copied extends CopyReport {
  readonly secret: string;
}

export async function copyBetween(
  basics: Omit<StoreBasics, 'config'> & { readonly environment: Environment },
  ends: CopyEnds,
  say: (line: string) => void,
): Promise<Copied> {
  const source = configOf(ends.from, basics.environment);
  const target = configOf(ends.to, basics.environment);
  const names = { from: nameOf(source), to: nameOf(target) };
  if (names.from === names.to) throw new StartRefusal('Both ends are the same place.');
  const progress = await CopyProgress.open(join(target.dataDir, 'copy-progress.json'), names);
  const from = await openInstallation({ ...basics, config: source }, { mayBeNew: false });
  try {
    const to = await openInstallation({ ...basics, config: target }, { mayBeNew: true });
    try {
      const secret = await carrySecret(await readKeptSecret(source), target);
      return { ...(await copyInstallation({ from, to, progress, clock: basics.clock, say })), secret };
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

function configOf(end: string, environment: Environment): Config {
  if (end === 'configuration') return readConfig(environment);
  const [, folder] = /^embedded:(.+)$/.exec(end) ?? [];
  if (folder === undefined) throw new StartRefusal(`${end} is neither embedded:FOLDER nor "configuration".`);
  return readConfig({ ...environment, STORE: 'embedded', BLOBS: 'filesystem', DATA_DIR: folder });
}

/** Tells places apart; in the progress file, so without anything confidential. */
function nameOf(config: Config): string {
  const { cqlContactPoints, cqlKeyspace, s3Endpoint, s3Bucket } = config;
  const folder = resolve(config.dataDir);
  const tables =
    config.store === 'embedded' ? `embedded:${folder}` : `cql:${cqlContactPoints.join()}/${cqlKeyspace} ${folder}`;
  return config.blobs === 's3' ? `${tables} s3:${s3Endpoint}/${s3Bucket}` : tables;
}
