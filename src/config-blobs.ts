/** Where photographs are kept, and how that place is reached: the part of the configuration that belongs to it. */
import type { Variable } from './config.ts';
import { matching, nonEmpty, oneOf, origin, secret } from './config-values.ts';

export interface BlobConfig {
  readonly blobs: 'filesystem' | 's3';
  readonly s3Endpoint: string | null;
  readonly s3PublicEndpoint: string | null;
  readonly s3Region: string;
  readonly s3Bucket: string;
  readonly s3AccessKey: string | null;
  readonly s3SecretKey: string | null;
  /** Null: as the bucket is set already. */
  readonly s3Sse: { readonly algorithm: 'AES256' | 'aws:kms'; readonly keyId: string | null } | null;
  readonly s3EventsSecret: string | null;
  readonly s3EventsArn: string | null;
}

/** Of a server, not of something on it: the bucket's name is put behind it. */
function host(text: string): string {
  const url = origin(text);
  if (new URL(url).pathname !== '/') throw new Error('it has a path');
  return url;
}

function encryption(text: string): BlobConfig['s3Sse'] {
  if (text === 'off') return null;
  if (text === 'AES256') return { algorithm: 'AES256', keyId: null };
  const [, keyId = null] = /^aws:kms(?::(.+))?$/.exec(text) ?? [];
  if (!text.startsWith('aws:kms') || (text !== 'aws:kms' && keyId === null)) throw new Error('there is no such choice');
  return { algorithm: 'aws:kms', keyId };
}

export const BLOB_VARIABLES: { readonly [Name in keyof BlobConfig]: Variable<BlobConfig[Name]> } = {
  blobs: {
    name: 'BLOBS',
    meaning: 'What holds the photographs: files in DATA_DIR, or an S3 server.',
    allowed: 'filesystem or s3',
    fallbackText: 'filesystem',
    fallback: 'filesystem',
    parse: oneOf('filesystem', 's3'),
  },
  s3Endpoint: {
    name: 'S3_ENDPOINT',
    meaning: 'The S3 server. Needed with BLOBS=s3.',
    allowed: 'an http or https URL without path',
    fallbackText: 'none',
    fallback: null,
    parse: host,
  },
  s3PublicEndpoint: {
    name: 'S3_PUBLIC_ENDPOINT',
    meaning: 'The same server as phones reach it; they are then offered to send photographs straight to it.',
    allowed: 'an http or https URL without path',
    fallbackText: 'none',
    fallback: null,
    parse: host,
  },
  s3Region: {
    name: 'S3_REGION',
    meaning: 'Region of the bucket.',
    allowed: 'letters, digits and -',
    fallbackText: 'us-east-1',
    fallback: 'us-east-1',
    parse: matching(/^[A-Za-z0-9-]{1,50}$/),
  },
  s3Bucket: {
    name: 'S3_BUCKET',
    meaning: 'Bucket of the photographs, and of nothing else. Made if it is not there.',
    allowed: '3 to 63 small letters, digits, . and -',
    fallbackText: 'shutterline',
    fallback: 'shutterline',
    parse: matching(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/),
  },
  s3AccessKey: {
    name: 'S3_ACCESS_KEY',
    meaning: 'Who this server is to the S3 server. Needed with BLOBS=s3.',
    allowed: 'any text',
    fallbackText: 'none',
    fallback: null,
    parse: nonEmpty,
  },
  s3SecretKey: {
    name: 'S3_SECRET_KEY',
    confidential: true,
    meaning: 'Its secret. Needed with BLOBS=s3.',
    allowed: 'any text',
    fallbackText: 'none',
    fallback: null,
    parse: nonEmpty,
  },
  s3Sse: {
    name: 'S3_SSE',
    meaning: 'How the S3 server encrypts what it stores; off leaves the bucket as it is set.',
    allowed: 'off, AES256, aws:kms, or aws:kms: and the name of a key',
    fallbackText: 'off',
    fallback: null,
    parse: encryption,
  },
  s3EventsSecret: {
    name: 'S3_EVENTS_SECRET',
    confidential: true,
    meaning:
      'Takes notifications of the bucket at POST /v1/storage-events, from whoever sends this as bearer token: a photograph sent to S3_PUBLIC_ENDPOINT is then taken in though the phone goes away.',
    allowed: 'at least 32 bytes',
    fallbackText: 'none',
    fallback: null,
    parse: secret,
  },
  s3EventsArn: {
    name: 'S3_EVENTS_ARN',
    meaning: 'The S3 server’s name of that receiver: the bucket is set to notify it, and nobody else.',
    allowed: 'arn:partition:service:region:account:name',
    fallbackText: 'none: the bucket is left as it is',
    fallback: null,
    parse: matching(/^arn:[^:\s]+:[^:\s]+:[^:\s]*:[^:\s]*:\S+$/),
  },
};
