/**
 * The effect of one call, however often it is made. `(user, operation, key)` is claimed first, with the hash of the body
 * and the ids to use; whoever comes second adopts those ids, so that both write the same rows. A finished record returns
 * its result and never runs again; another body under the same key is refused.
 */
import { createHash } from 'node:crypto';
import { Problem } from '../errors.ts';
import type { UserId } from '../ids.ts';
import type { Store } from '../storage/store.ts';
import { idempotency } from '../storage/tables/operations.ts';

export interface OnceCall<Result> {
  readonly userId: UserId;
  readonly operation: string;
  /** The caller's key; null: the call is not repeatable and simply runs. */
  readonly key: string | null;
  /** The validated input: what must be equal for the key to be the same call. */
  readonly body: unknown;
  /** Draws the ids of this call. */
  readonly drawIds: () => readonly string[];
  /** Runs with the ids in force. Must write idempotently by those ids: it may run again after a crash. */
  readonly run: (ids: readonly string[]) => Promise<Result>;
}

/** `Result` must be plain JSON. Rejects `idempotency-mismatch` for another body. */
export async function once<Result>(store: Store, call: OnceCall<Result>): Promise<Result> {
  if (call.key === null) return call.run(call.drawIds());
  const key = { userId: call.userId, operation: call.operation, key: call.key };
  const bodyHash = createHash('sha256').update(JSON.stringify(call.body)).digest('base64url');
  const claim = { ...key, bodyHash, ids: call.drawIds(), state: 'claimed' as const, result: null };
  const outcome = await store.insertIfAbsent(idempotency, claim);
  const held = outcome.inserted ? claim : outcome.existing;
  if (held.bodyHash !== bodyHash) throw new Problem('idempotency-mismatch');
  if (held.state === 'done') return held.result as Result;
  const result = await call.run(held.ids);
  // Losing this write, or losing the race for it, is harmless: a repeat runs again with the same ids.
  await store.compareAndPut(idempotency, { ...held, state: 'done', result }, { state: 'claimed' });
  return result;
}
