/**
 * Removes many objects by one request. The server answers such a request with success also when it kept some of them, and
 * names those in the answer: they are the failure then.
 */
import type { S3Session } from './s3-session.ts';

/** At most `limits.blobsRemovedMax` names. Rejects if one of them may still be there; removing what is not there is fine. */
export async function removeObjects(session: S3Session, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  await session.run(async (client, bucket) => {
    const kept = (await client.removeObjects(bucket, [...names])).filter(isFailure);
    const [first] = kept;
    if (first !== undefined) throw new Error(`${kept.length} of ${names.length} objects stay: ${codeOf(first)}`);
  });
}

/** Some servers count what was not there among the failures. */
function isFailure(answer: unknown): boolean {
  return !['NoSuchKey', 'NotFound'].includes(codeOf(answer));
}

function codeOf(answer: unknown): string {
  return typeof answer === 'object' && answer !== null && 'Code' in answer ? String(answer.Code) : 'no reason given';
}
