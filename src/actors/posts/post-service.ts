/** The operations on posts. Everything that changes one runs in its author's mailbox, on rows read inside it. */
import type { Clock } from '../../clock.ts';
import { Problem } from '../../errors.ts';
import type { IdSource, MediaId, PostId, PublishId, RevisionSource, UserId } from '../../ids.ts';
import { parseId, timeOfId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { Uploads, UploadSlot } from '../../media/uploads.ts';
import { type PostRecord, type PostRow, type PostRows, putPost } from '../../storage/repositories/posts.ts';
import type { Store } from '../../storage/store.ts';
import { once } from '../idempotency.ts';
import type { Mailboxes } from '../mailboxes.ts';
import type { Idempotent, NewPhoto, PageRequest, Posts, Profiles } from '../services.ts';
import type { Page, PostPageItem, PostView } from '../views.ts';
import type { PostCache } from './post-cache.ts';
import type { PostCommits } from './post-commits.ts';
import type { PostReader } from './post-reader.ts';
import { isListedAt, maySee } from './post-rules.ts';
import type { StoredPostAccess } from './stored-post-access.ts';

export interface PostServiceParts {
  readonly store: Store;
  readonly rows: PostRows;
  readonly cache: PostCache;
  readonly access: StoredPostAccess;
  readonly reader: PostReader;
  readonly commits: PostCommits;
  readonly profiles: Pick<Profiles, 'summaries'>;
  readonly uploads: Pick<Uploads, 'plan'>;
  readonly mailboxes: Mailboxes;
  readonly ids: IdSource;
  readonly revisions: RevisionSource;
  readonly clock: Clock;
}

interface DraftInput {
  readonly caption: string;
  readonly photos: readonly NewPhoto[];
}

export class PostService implements Posts {
  private readonly parts: PostServiceParts;

  constructor(parts: PostServiceParts) {
    this.parts = parts;
  }

  async createDraft(
    authorId: UserId,
    input: DraftInput,
    idempotency: Idempotent,
  ): Promise<{ post: PostView; uploads: readonly UploadSlot[] }> {
    const { mailboxes, store, ids } = this.parts;
    if (input.photos.length === 0 || input.photos.length > limits.photosPerPostMax) {
      const reason = `between 1 and ${limits.photosPerPostMax} photos`;
      throw new Problem('invalid-request', { fields: [{ field: 'photos', reason }] });
    }
    return mailboxes.run(authorId, () =>
      once(store, {
        userId: authorId,
        operation: 'post.create',
        key: idempotency.key,
        body: input,
        drawIds: () => [ids.next<PostId>(), ...input.photos.map(() => ids.next<MediaId>())],
        run: (drawn) => this.writeDraft(authorId, input, drawn),
      }),
    );
  }

  async read(viewerId: UserId | null, postId: PostId): Promise<PostPageItem> {
    const record = await this.parts.access.record(viewerId, postId);
    const [item] = await this.parts.reader.items(viewerId, [record]);
    if (item === undefined) throw new Problem('not-found');
    return item;
  }

  edit(authorId: UserId, postId: PostId, changes: { caption: string }): Promise<PostView> {
    const { mailboxes, commits, reader, profiles } = this.parts;
    return mailboxes.run(authorId, async () => {
      // The author's name is asked for now, so that nobody waits for it once the change is durable.
      const [record] = await Promise.all([this.own(authorId, postId), profiles.summaries([authorId])]);
      const isNews = record.post.caption !== changes.caption;
      return reader.view(isNews ? await commits.edit(record, changes.caption) : record);
    });
  }

  /** Removing what the author has removed already is fine. */
  remove(authorId: UserId, postId: PostId): Promise<void> {
    const { mailboxes, rows, commits } = this.parts;
    return mailboxes.run(authorId, async () => {
      const post = await rows.byId(postId);
      if (post?.state === 'deleted' && post.authorId === authorId) return;
      requireOwn(authorId, post);
      await commits.remove(post);
    });
  }

  async ofUser(viewerId: UserId | null, userId: UserId, page: PageRequest): Promise<Page<PostPageItem>> {
    const { rows, cache, reader, profiles, clock } = this.parts;
    const before = page.cursor === null ? null : parseId<PublishId>(page.cursor);
    if (page.cursor !== null && before === null) throw new Problem('invalid-cursor');
    const limit = Math.min(page.limit, limits.pageSizeMax);
    const [[owner], listed] = await Promise.all([
      profiles.summaries([userId]),
      rows.newestOf(userId, { before, sinceMs: 0, nowMs: clock.now() }, limit + 1),
    ]);
    if (!owner) throw new Problem('not-found');
    const shown = listed.slice(0, limit);
    const [records, around] = await Promise.all([
      cache.many(shown.map((row) => row.postId)),
      reader.surroundings(viewerId, shown),
    ]);
    const visible = records.filter(
      (record, index): record is PostRecord =>
        record !== null && maySee(viewerId, record.post) && isListedAt(record.post, shown[index]?.publishId),
    );
    return {
      items: reader.itemsWith(around, visible),
      nextCursor: listed.length > limit ? (shown.at(-1)?.publishId ?? null) : null,
    };
  }

  async revalidate(
    viewerId: UserId,
    held: Readonly<Record<string, number>>,
  ): Promise<{ changed: readonly PostPageItem[]; gone: readonly PostId[] }> {
    const { cache, reader } = this.parts;
    const names = Object.keys(held);
    if (names.length > limits.pageSizeMax)
      throw new Problem('invalid-request', { detail: 'At most 100 posts at once.' });
    const postIds = names.map((name) => {
      const postId = parseId<PostId>(name);
      if (postId === null) throw new Problem('invalid-request', { fields: [{ field: name, reason: 'not a post id' }] });
      return postId;
    });
    const records = await cache.many(postIds);
    const seen = records.map((record) => (record !== null && maySee(viewerId, record.post) ? record : null));
    const newer = seen.filter(
      (record): record is PostRecord => record !== null && record.post.version > (held[record.post.postId] ?? 0),
    );
    return {
      changed: await reader.items(viewerId, newer),
      gone: postIds.filter((_, index) => seen[index] === null),
    };
  }

  /** May run again with the same ids after a crash, when the post may be live or deleted already: then nothing is written. */
  private async writeDraft(
    authorId: UserId,
    input: DraftInput,
    drawn: readonly string[],
  ): Promise<{ post: PostView; uploads: readonly UploadSlot[] }> {
    const { store, rows, uploads, reader } = this.parts;
    const [postId, ...mediaIds] = drawn as [PostId, ...MediaId[]];
    const photos = input.photos.map(({ altText }, index) => ({ mediaId: mediaIds[index] as MediaId, altText }));
    const planned = await Promise.all(
      input.photos.map(({ contentType }, index) =>
        uploads.plan({ mediaId: mediaIds[index] as MediaId, ownerId: authorId, postId, contentType }),
      ),
    );
    if ((await rows.byId(postId)) === null) {
      const draft = this.draftRow({ postId, authorId, caption: input.caption, photos });
      const expiresAtMs = draft.createdAtMs + limits.draftRetentionMs;
      await store.batch([putPost(draft, expiresAtMs), ...planned.flatMap((plan) => plan.mutations)]);
    }
    const record = await rows.record(postId);
    if (record === null) throw new Problem('not-found');
    return { post: await reader.view(record), uploads: planned.map((plan) => plan.slot) };
  }

  private draftRow(draft: Pick<PostRow, 'postId' | 'authorId' | 'caption' | 'photos'>): PostRow {
    return {
      ...draft,
      publishId: null,
      state: 'draft',
      delivery: 'push',
      version: 1,
      createdAtMs: timeOfId(draft.postId),
      editedAtMs: null,
      failureReason: null,
      revision: this.parts.revisions.next(),
    };
  }

  /** The author's own post, read fresh; `forbidden` when it is someone else's, `not-found` when it may not be seen. */
  private async own(authorId: UserId, postId: PostId): Promise<PostRecord> {
    const record = await this.parts.cache.fresh(postId);
    requireOwn(authorId, record?.post ?? null);
    if (record === null) throw new Problem('not-found');
    return record;
  }
}

function requireOwn(authorId: UserId, post: PostRow | null): asserts post is PostRow {
  if (post === null || !maySee(authorId, post)) throw new Problem('not-found');
  if (post.authorId !== authorId) throw new Problem('forbidden');
}
