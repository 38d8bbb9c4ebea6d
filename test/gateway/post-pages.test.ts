import test from 'ava';
import { PostPages } from '../../src/gateway/post-pages.ts';
import { postPage } from '../../src/gateway/operations/view-schemas.ts';
import type { PostPageItem } from '../../src/actors/views.ts';
import type { MediaId, PostId, UserId } from '../../src/ids.ts';

function item(number: number, changes: Partial<PostPageItem> = {}): PostPageItem {
  return {
    id: `post${number}` as PostId,
    userId: 'author' as UserId,
    author: { id: 'author' as UserId, username: 'ada', displayName: 'Ada 𝔄 “quoted”', avatarUrl: null },
    caption: `é ✓ "${number}" \\ \n </script>`,
    mediaUrl: null,
    photos: [
      {
        mediaId: 'medium' as MediaId,
        status: 'complete',
        failureReason: null,
        width: 4000,
        height: 3000,
        thumbHash: 'abc=',
        dominantColor: '#a0b1c2',
        altText: 'ein Hügel',
        sources: [],
      },
    ],
    uploadStatus: 'complete',
    createdAt: '2026-01-01T00:00:00.000Z',
    publishedAt: '2026-01-01T00:00:00.000Z',
    editedAt: null,
    version: 2,
    likeCount: 3,
    commentCount: 0,
    likedByMe: number % 2 === 0,
    ...changes,
  };
}

const position = { epoch: 'e', seq: 4, cursor: 'c' };

test('a page is the JSON of what the schema lets out, whether its posts were encoded before or not', (t) => {
  const pages = new PostPages();
  const posts = [item(1), item(2), item(3)];
  for (const page of [
    { posts, nextCursor: null },
    { posts: posts.slice(1), nextCursor: 'öfter', position },
    { posts: [], nextCursor: null, position },
  ]) {
    const { bytes, nextCursor } = pages.encode(page);
    const read: unknown = JSON.parse(Buffer.from(bytes).toString());
    const { posts: declared, nextCursor: next } = postPage.parse(page);
    const expected = { posts: declared, nextCursor: next, ...('position' in page ? { position } : {}) };
    t.deepEqual(read, JSON.parse(JSON.stringify(expected)));
    t.is(nextCursor, page.nextCursor);
  }
});

test('what nobody declared does not get out', (t) => {
  const post = { ...item(1), revision: 7, passwordHash: 'secret' };
  t.false(Buffer.from(new PostPages().encode({ posts: [post], nextCursor: null }).bytes).includes('secret'));
});

test('another version, another author’s name and another viewer’s like show at once, and change the tag', (t) => {
  const pages = new PostPages();
  const first = item(1);
  const encode = (post: PostPageItem) => {
    const { bytes, etag } = pages.encode({ posts: [post], nextCursor: null });
    return { text: Buffer.from(bytes).toString(), etag };
  };
  const before = encode(first);
  t.deepEqual(encode(first), before);
  const changed = [
    { ...first, version: 3, caption: 'edited' },
    { ...first, author: { ...first.author, displayName: 'Ada B.' } },
    { ...first, likedByMe: true },
    { ...first, likeCount: 4 },
  ].map(encode);
  t.is(new Set([before, ...changed].map(({ etag }) => etag)).size, 5);
  t.regex(changed[0]?.text ?? '', /"caption":"edited"/);
  t.regex(changed[1]?.text ?? '', /Ada B\./);
});

test('a count that is none ends the answer instead of going out', (t) => {
  t.throws(() => new PostPages().encode({ posts: [item(1, { likeCount: Number.NaN })], nextCursor: null }));
  t.throws(() =>
    new PostPages().encode({ posts: [item(1, { caption: null as unknown as string })], nextCursor: null }),
  );
});
