/** Seconds after which the engine may clear a row away; 0: never. See `expires_at` in table-cql.ts for what readers go by. */
import { limits } from '../../limits.ts';

export function secondsToLive(expiresAtMs: number | null, nowMs: number): number {
  if (expiresAtMs === null) return 0;
  const left = Math.max(0, Math.ceil((expiresAtMs - nowMs) / 1000)) + limits.cqlClearanceSeconds;
  return left > limits.cqlTimeToLiveSecondsMax ? 0 : left;
}
