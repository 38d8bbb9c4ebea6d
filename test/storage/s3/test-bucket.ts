/** The S3 server that the S3_* variables name, with buckets for tests beside the product's. */
import { randomUUID } from 'node:crypto';
import { s3Settings } from '../../../src/compose/blobs.ts';
import { readConfig } from '../../../src/config.ts';
import { createClient, type S3Settings } from '../../../src/storage/s3/s3-session.ts';

/** A server that is not there fails at once instead of being waited for. */
export function testBucket(suffix: string): { settings: S3Settings; startWaitMs: number } {
  const settings = s3Settings(readConfig({ ...process.env, BLOBS: 's3' }));
  return { settings: { ...settings, bucket: `${settings.bucket}-${suffix}` }, startWaitMs: 0 };
}

/** A bucket of a test's own, removed with all that is in it. */
export function ownBucket(): { settings: S3Settings; startWaitMs: number; remove(): Promise<void> } {
  const bucket = testBucket(`own-${randomUUID().slice(0, 13)}`);
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
