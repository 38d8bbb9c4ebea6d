/** How rows are spread so that every partition stays bounded: by time, and by a stable hash. */
const MINUTE_MS = 60_000;

export function minuteOf(timeMs: number): number {
  return Math.floor(timeMs / MINUTE_MS);
}

export function hourOf(timeMs: number): number {
  return Math.floor(timeMs / (60 * MINUTE_MS));
}

export function dayOf(timeMs: number): number {
  return Math.floor(timeMs / (24 * 60 * MINUTE_MS));
}

/** Calendar month in UTC, as year × 12 + month. */
export function monthOf(timeMs: number): number {
  const date = new Date(timeMs);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

/** 32-bit FNV-1a. Stable for ever: stored rows depend on it. */
export function stableHash(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** `text`'s place among `count` buckets or shards. */
export function shardOf(text: string, count: number): number {
  return stableHash(text) % count;
}
