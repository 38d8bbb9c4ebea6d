/** Where a new session starts in its actor's log, and which older sessions make room for it. Pure rules. */
import type { AttachMode, AttachRequest } from './session.ts';

export interface LogRange {
  readonly epoch: string;
  readonly head: number;
  /** Smallest number still held; head + 1 if none is. */
  readonly oldest: number;
  /** Where a device that must catch up is put: what is behind it may not stand in the inbox yet. */
  readonly settled: () => number;
}

export interface Start {
  readonly mode: AttachMode;
  readonly seq: number;
}

/**
 * `resumed` replays exactly what is missing, or it is not `resumed`: never a partial replay. Who is `behind` gets the
 * newest events from the log as well, since `sync` may not find them yet, and finding them later would break their order.
 */
export function startOf(resume: AttachRequest['resume'], log: LogRange): Start {
  if (resume === null) return { mode: 'fresh', seq: log.head };
  const { epoch, seq } = resume;
  const held = Number.isInteger(seq) && seq >= log.oldest - 1 && seq <= log.head;
  return epoch === log.epoch && held ? { mode: 'resumed', seq } : { mode: 'behind', seq: log.settled() };
}

/** Of a user's sessions, newest first: those that a new one of `device` takes the place of. */
export function displacedBy(
  device: string,
  sessions: readonly { readonly index: number; readonly device: string }[],
  sessionsMax: number,
): number[] {
  const displaced = sessions.filter((session) => session.device === device);
  const others = sessions.filter((session) => session.device !== device);
  return [...displaced, ...others.slice(Math.max(0, sessionsMax - 1))].map((session) => session.index);
}
