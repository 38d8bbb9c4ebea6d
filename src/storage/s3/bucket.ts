/** Brings the bucket into the state that the blobs need. Repeating it, also from several nodes at once, is fine. */
import { NotificationConfig, QueueConfig } from 'minio';
import { type Clock, sleep } from '../../clock.ts';
import { StartRefusal } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Logger } from '../../log.ts';
import { TEMPORARY_PREFIX } from './object-names.ts';
import { codeOf, type S3Session, type S3Settings } from './s3-session.ts';

export interface BucketOptions {
  readonly settings: S3Settings;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long a server that is still starting is waited for. */
  readonly startWaitMs?: number;
  /** Names per page of a listing. */
  readonly listPage?: number;
}

const DAY_MS = 86_400_000;
/** An S3 server that knows no such thing says so in one of these ways. */
const NOT_SUPPORTED: ReadonlySet<string> = new Set(['NotImplemented', 'MethodNotAllowed', 'NotSupported']);
/** Waiting will not change these. */
const FINAL: ReadonlySet<string> = new Set([
  'AccessDenied',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'InvalidBucketName',
  'AuthorizationHeaderMalformed',
]);

/** `StartRefusal` when the server stays away, does not let this node in, or cannot encrypt as it is told to. */
export async function prepareBucket(session: S3Session, options: BucketOptions): Promise<void> {
  await waitForBucket(session, options);
  await setLifecycle(session, options.log);
  if (options.settings.encryption !== null) await setEncryption(session, options.settings);
  if (options.settings.eventsArn !== null) await setNotification(session, options.settings, options.settings.eventsArn);
}

async function waitForBucket(session: S3Session, options: BucketOptions): Promise<void> {
  const { settings, clock, log, startWaitMs = limits.s3StartWaitMs } = options;
  const giveUpAtMs = clock.monotonic() + startWaitMs;
  for (;;) {
    try {
      return await makeBucket(session, settings);
    } catch (error) {
      const cause = error instanceof Error ? error.cause : null;
      const reason = reasonOf(error);
      if (clock.monotonic() >= giveUpAtMs || FINAL.has(codeOf(cause) ?? '')) {
        throw new StartRefusal(`The S3 server at ${settings.endpoint} does not let this node in: ${reason}`);
      }
      log.warn('waiting for the S3 server', { endpoint: settings.endpoint, reason });
      await sleep(clock, limits.s3StartRetryMs);
    }
  }
}

async function makeBucket(session: S3Session, { region }: S3Settings): Promise<void> {
  if (await session.run((client, bucket) => client.bucketExists(bucket))) return;
  await session.run(async (client, bucket) => {
    try {
      await client.makeBucket(bucket, region);
    } catch (error) {
      // Another node made it first.
      if (codeOf(error) !== 'BucketAlreadyOwnedByYou') throw error;
    }
  });
}

/** The server's own broom behind ours: for what nobody is there to remove, and for uploads that were broken off. */
async function setLifecycle(session: S3Session, log: Logger): Promise<void> {
  // A day is the smallest unit there is; a promotion may begin until the end of the retention.
  const days = Math.ceil((limits.temporaryBlobRetentionMs + limits.temporaryBlobGraceMs) / DAY_MS);
  const rule = {
    ID: 'shutterline-temporary',
    Status: 'Enabled',
    Filter: { Prefix: TEMPORARY_PREFIX },
    Expiration: { Days: days },
  };
  const abort = { AbortIncompleteMultipartUpload: { DaysAfterInitiation: days } };
  try {
    await session.run((client, bucket) => applyRules(client, bucket, rule, abort));
  } catch (error) {
    // Abandoned objects are then removed by this product alone.
    log.warn('the bucket takes no lifecycle rule', { error });
  }
}

type Client = S3Session['client'];

async function applyRules(client: Client, bucket: string, rule: object, abort: object): Promise<void> {
  try {
    await client.setBucketLifecycle(bucket, { Rule: [{ ...rule, ...abort }] } as never);
  } catch (error) {
    // Some servers end broken-off uploads by themselves and know no rule for it.
    if (!['InvalidArgument', 'MalformedXML', 'InvalidRequest', ...NOT_SUPPORTED].includes(codeOf(error) ?? ''))
      throw error;
    await client.setBucketLifecycle(bucket, { Rule: [rule] } as never);
  }
}

async function setEncryption(session: S3Session, settings: S3Settings): Promise<void> {
  if (settings.encryption === null) return;
  const { algorithm, keyId } = settings.encryption;
  const byDefault = { SSEAlgorithm: algorithm, ...(keyId === null ? {} : { KMSMasterKeyID: keyId }) };
  try {
    await session.run((client, bucket) =>
      client.setBucketEncryption(bucket, { Rule: [{ ApplyServerSideEncryptionByDefault: byDefault }] }),
    );
  } catch (error) {
    throw new StartRefusal(
      `The S3 server at ${settings.endpoint} does not encrypt with ${algorithm}: ${reasonOf(error)}`,
    );
  }
}

/** Only what clients send: what this product writes itself, it knows about. */
async function setNotification(session: S3Session, { endpoint }: S3Settings, arn: string): Promise<void> {
  const receiver = new QueueConfig(arn);
  receiver.addEvent('s3:ObjectCreated:Post');
  receiver.addFilterPrefix(TEMPORARY_PREFIX);
  const notification = new NotificationConfig();
  notification.add(receiver);
  try {
    await session.run((client, bucket) => client.setBucketNotification(bucket, notification));
  } catch (error) {
    throw new StartRefusal(`The S3 server at ${endpoint} does not notify ${arn}: ${reasonOf(error)}`);
  }
}

/** What the server or the network said. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : null;
  if (!(cause instanceof Error)) return String(error);
  return cause.message || codeOf(cause) || cause.name;
}
