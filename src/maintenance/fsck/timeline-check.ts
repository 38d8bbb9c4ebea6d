/** A timeline row is there for a live post, under the id it was published with. */
import type { RowOf } from '../../storage/table.ts';
import { posts } from '../../storage/tables/posts.ts';
import { timeline } from '../../storage/tables/timeline.ts';
import type { Check, FsckContext } from './check.ts';

type TimelineRow = RowOf<typeof timeline>;

export function timelineCheck({ store, pending }: FsckContext): Check<TimelineRow> {
  return {
    kind: 'timeline-row',
    candidates: () => store.scan(timeline),
    async examine({ userId, publishId, postId }) {
      const post = await store.get(posts, { postId });
      const isLive = post?.state === 'live' && post.publishId === publishId;
      if (isLive || pending.concerns(postId)) return null;
      if ((await store.get(timeline, { userId, publishId })) === null) return null;
      return {
        what: `timeline of ${userId}: post ${postId} is ${post?.state ?? 'missing'}`,
        async mend() {
          await store.remove(timeline, { userId, publishId });
          return true;
        },
      };
    },
  };
}
