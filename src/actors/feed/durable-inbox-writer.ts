/**
 * The inbox writer over the store. What must hold: nothing is left behind a cursor. Readers begin `overlapMs` before the
 * start of their read, so an event counts as written only if a copy was acknowledged within `lateWriteMs` of the time in
 * its arrivalId; a late or unknown outcome is appended again under a fresh id. Doubles are dropped by event id.
 */
import type { Clock } from '../../clock.ts';
import { Problem } from '../../errors.ts';
import type { ArrivalId, IdSource, UserId } from '../../ids.ts';
import { timeOfId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { Logger } from '../../log.ts';
import { inGroups } from '../../parallel.ts';
import { putInboxRow } from '../../storage/repositories/inbox.ts';
import { putTimelineRow } from '../../storage/repositories/timeline.ts';
import type { Mutation, Store } from '../../storage/store.ts';
import type { LiveEvents } from '../live/live-events.ts';
import type { InboxEvent, InboxWriter } from './inbox-writer.ts';

export interface InboxWriterParts {
  readonly store: Store;
  readonly ids: IdSource;
  readonly clock: Clock;
  readonly live: LiveEvents;
  readonly logger: Logger;
}

export class DurableInboxWriter implements InboxWriter {
  private readonly parts: InboxWriterParts;

  constructor(parts: InboxWriterParts) {
    this.parts = parts;
  }

  async append(userId: UserId, event: InboxEvent): Promise<void> {
    await this.appendGroup([userId], event);
  }

  async appendToMany(userIds: readonly UserId[], event: InboxEvent): Promise<void> {
    const rowsEach = event.entry === null ? 1 : 2;
    for (const group of inGroups(userIds, Math.floor(limits.storeWriteAllMutations / rowsEach))) {
      await this.appendGroup(group, event);
    }
  }

  private async appendGroup(userIds: readonly UserId[], event: InboxEvent): Promise<void> {
    const { store, ids, clock, live, logger } = this.parts;
    let cause: unknown;
    for (let attempt = 0; attempt < limits.lateWriteTries; attempt++) {
      const oldestId = ids.next<ArrivalId>();
      const mutations = userIds.flatMap((userId) => rowsFor(userId, ids.next<ArrivalId>(), event));
      try {
        await store.writeAll(mutations);
      } catch (error) {
        logger.warn('inbox append not acknowledged; appending again', { type: event.event.type, error });
        cause = error;
        continue;
      }
      if (clock.now() - timeOfId(oldestId) > limits.lateWriteMs) continue;
      for (const userId of userIds) live.deliver(userId, event.event, event.entry);
      return;
    }
    throw new Problem('unavailable', { cause });
  }
}

function rowsFor(userId: UserId, arrivalId: ArrivalId, { event, references, entry }: InboxEvent): Mutation[] {
  const row = putInboxRow({ userId, arrivalId, eventId: event.id, type: event.type, atMs: event.atMs, references });
  return entry === null ? [row] : [putTimelineRow(userId, entry), row];
}
