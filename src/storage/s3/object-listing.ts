/** Walks the bucket's names in order, page after page. */
import type { ListedBlob } from '../blob-store.ts';
import { isBlobKey } from '../blob-keys.ts';
import { PERMANENT_PREFIX, TEMPORARY_PREFIX } from './object-names.ts';
import type { S3Session } from './s3-session.ts';

/** Every blob once, in order of keys: a permanent one hides what stands under the same key as temporary. */
export async function* listBlobs(session: S3Session, pageSize: number): AsyncGenerator<ListedBlob> {
  const temporary = listTemporary(session, pageSize);
  try {
    let next = await temporary.next();
    for await (const permanent of listPrefix(session, 'permanent', pageSize)) {
      while (next.done !== true && next.value.key < permanent.key) {
        yield next.value;
        next = await temporary.next();
      }
      if (next.done !== true && next.value.key === permanent.key) next = await temporary.next();
      yield permanent;
    }
    for (; next.done !== true; next = await temporary.next()) yield next.value;
  } finally {
    await temporary.return(undefined);
  }
}

/** What stands under tmp/, whether or not it was promoted since. */
export function listTemporary(session: S3Session, pageSize: number): AsyncGenerator<ListedBlob, undefined> {
  return listPrefix(session, 'temporary', pageSize);
}

async function* listPrefix(
  session: S3Session,
  state: ListedBlob['state'],
  pageSize: number,
): AsyncGenerator<ListedBlob, undefined> {
  const prefix = state === 'permanent' ? PERMANENT_PREFIX : TEMPORARY_PREFIX;
  let token = '';
  do {
    const continueAt = token;
    const page = await session.run((client, bucket) =>
      client.listObjectsV2Query(bucket, prefix, continueAt, '', pageSize, ''),
    );
    for (const { name, size, lastModified } of page.objects) {
      const key = name?.slice(prefix.length) ?? '';
      // Something else in the bucket is none of ours.
      if (!isBlobKey(key) || lastModified === undefined) continue;
      yield { key, bytes: size, state, writtenAtMs: lastModified.getTime() };
    }
    token = page.isTruncated ? page.nextContinuationToken : '';
  } while (token !== '');
}
