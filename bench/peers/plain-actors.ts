/** Peer of the actors: one plain object a user, as one would write it: a timeline of objects, a log of objects, a map by id. */

export interface PlainEntry {
  readonly publishId: string;
  readonly postId: string;
  readonly authorId: string;
}

export interface PlainEvent {
  readonly id: string;
  readonly type: string;
  readonly data: string;
}

export interface PlainActor {
  readonly timeline: PlainEntry[];
  readonly log: { seq: number; event: PlainEvent }[];
  readonly follows: Set<string>;
  seq: number;
}

const LOG_EVENTS = 256;

export function plainActor(entries: readonly PlainEntry[], follows: readonly string[]): PlainActor {
  return { timeline: entries.map((entry) => ({ ...entry })), log: [], follows: new Set(follows), seq: 0 };
}

export function appendToLog(actor: PlainActor, event: PlainEvent): void {
  actor.log.push({ seq: ++actor.seq, event });
  if (actor.log.length > LOG_EVENTS) actor.log.shift();
}

export class PlainActors {
  private readonly actors = new Map<string, PlainActor>();

  activate(userId: string, entries: readonly PlainEntry[], follows: readonly string[]): void {
    this.actors.set(userId, plainActor(entries, follows));
  }

  tell(userId: string, event: PlainEvent): void {
    const actor = this.actors.get(userId);
    if (actor !== undefined) appendToLog(actor, event);
  }

  /** Nothing waits anywhere. */
  async settled(): Promise<void> {}

  close(): void {}
}
