/** Streams bytes of unknown length into an object, holding one part of them in memory. It appears whole or not at all. */
import { tooLarge } from '../blob-rules.ts';
import { limits } from '../../limits.ts';
import type { S3Session } from './s3-session.ts';

export interface ObjectUpload {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly bytesMax: number;
}

/** Resolves to the number of bytes. Errors of the source pass through as they are. */
export async function uploadObject(
  session: S3Session,
  source: AsyncIterable<Uint8Array>,
  upload: ObjectUpload,
): Promise<number> {
  const parts = new PartWriter(session, upload);
  try {
    for await (const chunk of source) await parts.write(chunk);
    return await parts.finish();
  } catch (error) {
    await parts.abort();
    throw error;
  }
}

class PartWriter {
  private readonly session: S3Session;
  private readonly upload: ObjectUpload;
  private waiting: Uint8Array[] = [];
  private waitingBytes = 0;
  private bytes = 0;
  private uploadId: string | null = null;
  private readonly tags: { part: number; etag: string }[] = [];

  constructor(session: S3Session, upload: ObjectUpload) {
    this.session = session;
    this.upload = upload;
  }

  async write(chunk: Uint8Array): Promise<void> {
    this.bytes += chunk.byteLength;
    if (this.bytes > this.upload.bytesMax) throw tooLarge(this.upload.bytesMax);
    // The source may use its buffer again.
    this.waiting.push(Buffer.from(chunk));
    this.waitingBytes += chunk.byteLength;
    if (this.waitingBytes >= limits.s3PartBytes) await this.sendPart();
  }

  /** One that fits into a part is sent as it is, in one request. */
  async finish(): Promise<number> {
    const { name, headers } = this.upload;
    if (this.tags.length === 0) {
      const content = this.takeWaiting();
      await this.session.run((client, bucket) =>
        client.putObject(bucket, name, content, content.byteLength, { ...headers }),
      );
      return this.bytes;
    }
    if (this.waitingBytes > 0) await this.sendPart();
    const uploadId = await this.begin();
    await this.session.run((client, bucket) => client.completeMultipartUpload(bucket, name, uploadId, [...this.tags]));
    this.uploadId = null;
    return this.bytes;
  }

  /** What cannot be aborted now expires by the bucket's rule. */
  async abort(): Promise<void> {
    const { uploadId } = this;
    if (uploadId === null) return;
    this.uploadId = null;
    await this.session
      .run((client, bucket) => client.abortMultipartUpload(bucket, this.upload.name, uploadId))
      .catch(() => undefined);
  }

  private async begin(): Promise<string> {
    const { name, headers } = this.upload;
    this.uploadId ??= await this.session.run((client, bucket) =>
      client.initiateNewMultipartUpload(bucket, name, { ...headers }),
    );
    return this.uploadId;
  }

  private async sendPart(): Promise<void> {
    const uploadID = await this.begin();
    const content = this.takeWaiting();
    const partNumber = this.tags.length + 1;
    const { etag } = await this.session.run((client, bucketName) =>
      client.uploadPart({ bucketName, objectName: this.upload.name, uploadID, partNumber, headers: {} }, content),
    );
    this.tags.push({ part: partNumber, etag });
  }

  private takeWaiting(): Buffer {
    const content = Buffer.concat(this.waiting, this.waitingBytes);
    this.waiting = [];
    this.waitingBytes = 0;
    return content;
  }
}
