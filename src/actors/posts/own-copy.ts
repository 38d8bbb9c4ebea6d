/**
 * What an author's other devices catch up with: the copy of a change in the author's own inbox. It is written in the batch
 * of the change, under the id of its activity, so that whoever acts on the activity can look whether it is there.
 */
import type { ActivityId, ArrivalId } from '../../ids.ts';
import { timeOfId } from '../../ids.ts';
import { putInboxRow } from '../../storage/repositories/inbox.ts';
import type { Mutation } from '../../storage/store.ts';
import { noticeOf, type PostChange } from './post-events.ts';

export function ownCopyId(activityId: ActivityId): ArrivalId {
  return activityId as string as ArrivalId;
}

export function ownCopy(change: PostChange, activityId: ActivityId): Mutation {
  const notice = noticeOf(change, timeOfId(activityId));
  return putInboxRow({ userId: change.authorId, arrivalId: ownCopyId(activityId), ...notice });
}
