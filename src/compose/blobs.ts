/** Opens the place of the photographs that the configuration names. */
import { join } from 'node:path';
import type { Config } from '../config.ts';
import { invariant } from '../errors.ts';
import type { BlobStore } from '../storage/blob-store.ts';
import { FilesystemBlobStore } from '../storage/filesystem/filesystem-blob-store.ts';
import { arrivalsIn } from '../storage/s3/arrivals.ts';
import { S3BlobStore } from '../storage/s3/s3-blob-store.ts';
import type { S3Settings } from '../storage/s3/s3-session.ts';
import type { StoreBasics } from './stores.ts';

export async function openBlobs({ config, clock, log }: StoreBasics): Promise<BlobStore> {
  return config.blobs === 's3'
    ? S3BlobStore.open({ settings: s3Settings(config), clock, log })
    : FilesystemBlobStore.open({ directory: join(config.dataDir, 'media'), clock, log });
}

/** Who may say that bytes arrived, and how to read what they say; null: nobody is believed. */
export function storageEvents({ blobs, s3EventsSecret, s3Bucket }: Config) {
  if (blobs !== 's3' || s3EventsSecret === null) return null;
  return { secret: s3EventsSecret, arrivals: (notification: unknown) => arrivalsIn(notification, s3Bucket) };
}

export function s3Settings(config: Config): S3Settings {
  const { s3Endpoint: endpoint, s3AccessKey: accessKey, s3SecretKey: secretKey } = config;
  invariant(endpoint !== null && accessKey !== null && secretKey !== null, 'the configuration names the S3 server');
  const { s3PublicEndpoint: publicEndpoint, s3Region: region, s3Bucket: bucket } = config;
  const { s3Sse: encryption, s3EventsArn: eventsArn } = config;
  return { endpoint, publicEndpoint, region, bucket, accessKey, secretKey, encryption, eventsArn };
}
