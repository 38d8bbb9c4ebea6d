/**
 * The S3 servers that tests run against, with buckets beside the product's: the one that the S3_* variables name, and
 * another kind, which the VERSITYGW_* variables name.
 */
import { randomUUID } from 'node:crypto';
import { s3Settings } from '../../../src/compose/blobs.ts';
import { readConfig } from '../../../src/config.ts';
import { createClient, type S3Settings } from '../../../src/storage/s3/s3-session.ts';

export type TestServer = 's3' | 'versitygw';

function environmentOf(server: TestServer): Readonly<Record<string, string | undefined>> {
  if (server === 's3') return process.env;
  const of = (name: string) => process.env[`VERSITYGW_${name}`];
  return { S3_ENDPOINT: of('ENDPOINT'), S3_ACCESS_KEY: of('ACCESS_KEY'), S3_SECRET_KEY: of('SECRET_KEY') };
}

/** A server that is not there fails at once instead of being waited for. */
export function testBucket(server: TestServer, suffix: string): { settings: S3Settings; startWaitMs: number } {
  const settings = s3Settings(readConfig({ ...environmentOf(server), BLOBS: 's3' }));
  return { settings: { ...settings, bucket: `${settings.bucket}-${suffix}` }, startWaitMs: 0 };
}

/** A bucket of a test's own, removed with all that is in it. */
export function ownBucket(server: TestServer): { settings: S3Settings; startWaitMs: number; remove(): Promise<void> } {
  const bucket = testBucket(server, `own-${randomUUID().slice(0, 13)}`);
  return { ...bucket, remove: () => removeBucket(bucket.settings) };
}

/** What the tests look at behind the adapter's back. */
export function clientOf(settings: S3Settings): ReturnType<typeof createClient> {
  return createClient(settings.endpoint, settings);
}

export async function namesIn(settings: S3Settings): Promise<string[]> {
  const page = await clientOf(settings).listObjectsV2Query(settings.bucket, '', '', '', 1000, '');
  return page.objects.map((object) => object.name ?? '').sort();
}

export async function removeBucket(settings: S3Settings): Promise<void> {
  const client = clientOf(settings);
  for (const name of await namesIn(settings)) await client.removeObject(settings.bucket, name);
  await client.removeBucket(settings.bucket);
}
