/**
 * Upload addresses that prove themselves: whoever has one may put the bytes of one medium, for one owner, until it
 * expires. Nothing is stored for it.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';
import { Problem } from '../errors.ts';
import { type MediaId, parseId, type UserId } from '../ids.ts';
import { limits } from '../limits.ts';
import type { UploadTarget } from './uploads.ts';

export class UploadSigner {
  private readonly secrets: readonly [string | Buffer, ...Buffer[]];
  private readonly clock: Pick<Clock, 'now'>;

  /** `secrets`: of this purpose alone, each at least 32 bytes; the first signs, all of them verify. */
  constructor(secrets: readonly [string | Buffer, ...Buffer[]], clock: Pick<Clock, 'now'>) {
    this.secrets = secrets;
    this.clock = clock;
  }

  /** Path and query, beginning with a slash. */
  sign(target: UploadTarget): string {
    const expires = String(this.clock.now() + limits.uploadUrlLifetimeMs);
    const signature = signatureOf(this.secrets[0], target, expires).toString('base64url');
    return `/v1/uploads/${target.mediaId}?${new URLSearchParams({ owner: target.ownerId, expires, signature }).toString()}`;
  }

  /** Rejects `forbidden`, and does not say whether it was the signature or the time. */
  verify(mediaIdText: string, query: string): UploadTarget {
    const parameters = new URLSearchParams(query);
    const mediaId = parseId<MediaId>(mediaIdText);
    const ownerId = parseId<UserId>(parameters.get('owner') ?? '');
    const expires = parameters.get('expires') ?? '';
    const given = Buffer.from(parameters.get('signature') ?? '', 'base64url');
    if (mediaId === null || ownerId === null || !/^\d{1,16}$/.test(expires)) throw refused();
    const genuine = this.secrets.some((secret) => {
      const expected = signatureOf(secret, { mediaId, ownerId }, expires);
      return given.length === expected.length && timingSafeEqual(given, expected);
    });
    if (!genuine || Number(expires) <= this.clock.now()) throw refused();
    return { mediaId, ownerId };
  }
}

function signatureOf(secret: string | Buffer, target: UploadTarget, expires: string): Buffer {
  return createHmac('sha256', secret).update(`upload.v1\n${target.mediaId}\n${target.ownerId}\n${expires}`).digest();
}

function refused(): Problem {
  return new Problem('forbidden', {
    detail: 'This upload address is not valid or no longer valid; ask for a new one.',
  });
}
