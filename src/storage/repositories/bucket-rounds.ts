/**
 * A list that lies in several partitions, read in their order until there is enough. The first partition mostly suffices,
 * so it is read alone; what is missing then is looked for in several at once, since each round is a round trip.
 */
import { limits } from '../../limits.ts';
import { inGroups } from '../../parallel.ts';

/** `read` gives at most as many rows as wanted of one bucket. At most `limit` rows are returned. */
export async function readBuckets<Bucket, Row>(
  buckets: readonly Bucket[],
  limit: number,
  read: (bucket: Bucket, wanted: number) => Promise<readonly Row[]>,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const group of [buckets.slice(0, 1), ...inGroups(buckets.slice(1), limits.bucketsReadAtOnce)]) {
    const wanted = limit - rows.length;
    const pages = await Promise.all(group.map((bucket) => read(bucket, wanted)));
    rows.push(...pages.flat());
    if (rows.length >= limit) break;
  }
  return rows.slice(0, limit);
}

/** `first`, … `last`, both included. */
export function range(first: number, last: number): number[] {
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
}
