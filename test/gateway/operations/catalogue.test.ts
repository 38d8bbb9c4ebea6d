import test from 'ava';
import { catalogue } from '../../../src/gateway/operations/catalogue.ts';
import type { Operation, OperationContext } from '../../../src/gateway/operation.ts';
import type { Services } from '../../../src/gateway/services.ts';
import {
  composeId,
  EPOCH_MS,
  eventId,
  type CommentId,
  type MediaId,
  type SessionId,
  type UserId,
} from '../../../src/ids.ts';

const AT = EPOCH_MS + 1_000;
const ME = composeId<UserId>(AT, 1, 1);
const SESSION = composeId<SessionId>(AT, 1, 2);
const OTHER = composeId<UserId>(AT, 1, 3);
const POST = composeId(AT, 1, 4);
const MEDIA = composeId<MediaId>(AT, 1, 5);
const COMMENT = composeId<CommentId>(AT, 1, 6);
const TIME = new Date(AT).toISOString();

const user = { id: OTHER, username: 'ben', displayName: 'Ben', avatarUrl: 'https://photos.example.org/a.webp' };
const profile = {
  ...user,
  bio: '',
  createdAt: TIME,
  followerCount: 1,
  followingCount: 2,
  postCount: 3,
  followedByMe: true,
};
const post = {
  id: POST,
  userId: OTHER,
  author: user,
  caption: 'a\nb',
  mediaUrl: null,
  photos: [
    {
      mediaId: MEDIA,
      status: 'complete',
      failureReason: null,
      width: 4000,
      height: 3000,
      thumbHash: 'AAAA',
      dominantColor: '#a0b0c0',
      altText: '',
      sources: [{ url: 'http://127.0.0.1:8080/media/x', format: 'webp', width: 1080, height: 810 }],
    },
  ],
  uploadStatus: 'complete',
  createdAt: TIME,
  publishedAt: null,
  editedAt: null,
  version: 1,
};
const item = { ...post, likeCount: 1, commentCount: 0, likedByMe: true };
const comment = { id: COMMENT, postId: POST, author: user, parentId: null, text: 'hm', createdAt: TIME };
const slot = { mediaId: MEDIA, uploadUrl: 'http://127.0.0.1:8080/v1/uploads/x?signature=y', headers: { a: 'b' } };
const signedIn = { user, accessToken: 'a', refreshToken: 'r', expiresIn: 900 };
const page = <Item>(...items: Item[]) => ({ items, nextCursor: 'more' });
const input = { username: 'ada', email: 'ada@example.org', password: 'correct horse' };

/** What is sent, which service call it becomes, what that answers, and what the client gets. */
interface Case {
  readonly sent: Record<string, unknown>;
  readonly calls: readonly [string, ...unknown[]];
  readonly answer?: unknown;
  readonly gets: unknown;
}

const FIRST_PAGE = { cursor: null, limit: 20 };
const event = { id: eventId('post.new', POST), type: 'post.new', atMs: AT, dataJson: '{"a":1}' };

const CASES: Record<string, Case> = {
  'account.register': {
    sent: input,
    calls: ['accounts.register', { ...input, device: 'unnamed' }],
    answer: signedIn,
    gets: signedIn,
  },
  'account.login': {
    sent: { email: 'ada', password: 'p', device: ' phone ' },
    calls: ['accounts.login', { login: 'ada', password: 'p', device: 'phone', clientAddress: '127.0.0.1' }],
    answer: signedIn,
    gets: signedIn,
  },
  'account.refresh': {
    sent: { refreshToken: 'r' },
    calls: ['accounts.refresh', 'r'],
    answer: signedIn,
    gets: signedIn,
  },
  'account.logout': { sent: {}, calls: ['accounts.logout', ME, SESSION], gets: null },
  'account.me': { sent: {}, calls: ['profiles.byId', ME, ME], answer: profile, gets: profile },
  'profile.edit': {
    sent: { bio: ' hello ', avatarMediaId: null },
    calls: ['profiles.edit', ME, { bio: 'hello', avatarMediaId: null }],
    answer: profile,
    gets: profile,
  },
  'profile.avatarUpload': { sent: {}, calls: ['profiles.avatarUpload', ME, 'image/jpeg'], answer: slot, gets: slot },
  'profile.read': { sent: { userId: OTHER }, calls: ['profiles.byId', ME, OTHER], answer: profile, gets: profile },
  'profile.readByUsername': {
    sent: { username: 'Ben' },
    calls: ['profiles.byUsername', ME, 'ben'],
    answer: profile,
    gets: profile,
  },
  'follow.create': { sent: { followedId: OTHER }, calls: ['graph.follow', ME, OTHER], gets: { status: 'SUCCESS' } },
  'follow.remove': { sent: { followedId: OTHER }, calls: ['graph.unfollow', ME, OTHER], gets: { status: 'SUCCESS' } },
  'user.followers': {
    sent: { userId: OTHER },
    calls: ['graph.followers', ME, OTHER, FIRST_PAGE],
    answer: page(user),
    gets: { users: [user], nextCursor: 'more' },
  },
  'user.following': {
    sent: { userId: OTHER, limit: '5', cursor: 'c' },
    calls: ['graph.following', ME, OTHER, { cursor: 'c', limit: 5 }],
    answer: page(user),
    gets: { users: [user], nextCursor: 'more' },
  },
  'post.create': {
    sent: { caption: ' a\r\nb ' },
    calls: [
      'posts.createDraft',
      ME,
      { caption: 'a\nb', photos: [{ contentType: 'image/jpeg', altText: '' }] },
      { key: 'k' },
    ],
    answer: { post, uploads: [slot] },
    gets: { postId: POST, uploadUrl: slot.uploadUrl, uploads: [slot], post },
  },
  'post.read': { sent: { postId: POST }, calls: ['posts.read', ME, POST], answer: item, gets: item },
  'post.edit': {
    sent: { postId: POST, caption: 'c' },
    calls: ['posts.edit', ME, POST, { caption: 'c' }],
    answer: post,
    gets: post,
  },
  'post.delete': { sent: { postId: POST }, calls: ['posts.remove', ME, POST], gets: null },
  'post.revalidate': {
    sent: { held: { [POST]: 3 } },
    calls: ['posts.revalidate', ME, { [POST]: 3 }],
    answer: { changed: [item], gone: [POST] },
    gets: { changed: [item], gone: [POST] },
  },
  'user.posts': {
    sent: { userId: OTHER },
    calls: ['posts.ofUser', ME, OTHER, FIRST_PAGE],
    answer: page(item),
    gets: { posts: [item], nextCursor: 'more' },
  },
  'upload.complete': {
    sent: { mediaId: MEDIA },
    calls: ['uploads.complete', { mediaId: MEDIA, ownerId: ME }],
    gets: { mediaId: MEDIA, uploadStatus: 'processing' },
  },
  'feed.read': {
    sent: {},
    calls: ['feed.page', ME, FIRST_PAGE],
    answer: { posts: [item], nextCursor: null, position: { epoch: 'e', seq: 4, cursor: 'c' } },
    gets: { posts: [item], nextCursor: null, position: { epoch: 'e', seq: 4, cursor: 'c' } },
  },
  sync: {
    sent: { cursor: 'c' },
    calls: ['feed.sync', ME, 'c'],
    answer: { events: [event], cursor: 'd', done: true, reset: null },
    gets: {
      events: [{ id: event.id, type: event.type, at: TIME, data: { a: 1 } }],
      cursor: 'd',
      done: true,
      reset: null,
    },
  },
  'post.like': {
    sent: { postId: POST },
    calls: ['engagement.like', ME, POST],
    answer: { likeCount: 3 },
    gets: { likeCount: 3 },
  },
  'post.unlike': {
    sent: { postId: POST },
    calls: ['engagement.unlike', ME, POST],
    answer: { likeCount: 2 },
    gets: { likeCount: 2 },
  },
  'post.typing': { sent: { postId: POST }, calls: ['engagement.typing', ME, POST], gets: null },
  'comment.create': {
    sent: { postId: POST, text: ' hm ' },
    calls: ['engagement.comment', ME, POST, { text: 'hm', parentId: null }, { key: 'k' }],
    answer: comment,
    gets: comment,
  },
  'comment.delete': {
    sent: { postId: POST, commentId: COMMENT },
    calls: ['engagement.deleteComment', ME, POST, COMMENT],
    gets: null,
  },
  'comment.list': {
    sent: { postId: POST },
    calls: ['engagement.comments', ME, POST, FIRST_PAGE],
    answer: page(comment),
    gets: { comments: [comment], nextCursor: 'more' },
  },
  'notification.list': {
    sent: {},
    calls: ['notifications.list', ME, FIRST_PAGE],
    answer: {
      ...page({ id: COMMENT, kind: 'like', actor: user, postId: POST, commentId: null, createdAt: TIME, read: false }),
      unread: 1,
    },
    gets: {
      notifications: [
        { id: COMMENT, kind: 'like', actor: user, postId: POST, commentId: null, createdAt: TIME, read: false },
      ],
      nextCursor: 'more',
      unread: 1,
    },
  },
  'notification.read': {
    sent: {},
    calls: ['notifications.markRead', ME, null],
    answer: { unread: 0 },
    gets: { unread: 0 },
  },
};

/** Services that write down what they are asked, and answer what they are told. */
function recordingServices(answer: unknown, calls: unknown[][]): Services {
  const service = (name: string) =>
    new Proxy(
      {},
      {
        get:
          (_, method) =>
          (...parameters: unknown[]) => {
            calls.push([`${name}.${String(method)}`, ...parameters]);
            return Promise.resolve(answer);
          },
      },
    );
  return new Proxy({}, { get: (_, name) => service(String(name)) }) as Services;
}

function contextOf(
  services: Services,
  viewer: { userId: UserId; sessionId: SessionId } | null,
): OperationContext<'user'> {
  const context = { services, viewer, now: AT, idempotencyKey: 'k', clientAddress: '127.0.0.1', requestId: 'r' };
  return context as OperationContext<'user'>;
}

async function run(
  operation: Operation,
  { sent, answer }: Case,
  viewer: { userId: UserId; sessionId: SessionId } | null,
) {
  const calls: unknown[][] = [];
  const context = contextOf(recordingServices(answer, calls), viewer);
  const output = await operation.handle(context, operation.input.parse(sent));
  return { calls, output: operation.output.parse(output) };
}

test('every operation is one service call, made with what was sent and answered in the documented shape', async (t) => {
  t.deepEqual(Object.keys(CASES).toSorted(), catalogue.map(({ name }) => name).toSorted());
  for (const operation of catalogue) {
    const expected = CASES[operation.name] as Case;
    const { calls, output } = await run(operation, expected, { userId: ME, sessionId: SESSION });
    t.deepEqual(calls, [[...expected.calls]], operation.name);
    t.deepEqual(output, expected.gets, operation.name);
  }
});

test('whoever is not signed in reads as nobody', async (t) => {
  for (const operation of catalogue.filter(({ auth, method }) => auth === 'anyone' && method === 'GET')) {
    const { calls } = await run(operation, CASES[operation.name] as Case, null);
    t.is(calls[0]?.[1], null, operation.name);
  }
});

test('body properties that nobody declared are refused by name; what is left over in a query is ignored', (t) => {
  for (const { name, method, input } of catalogue) {
    const parsed = input.safeParse({ ...CASES[name]?.sent, isAdmin: true });
    if (method === 'GET' || method === 'DELETE') {
      t.true(parsed.success && !JSON.stringify(parsed.data).includes('isAdmin'), name);
    } else {
      t.true(parsed.error?.issues.some((issue) => 'keys' in issue && issue.keys.includes('isAdmin')) ?? false, name);
    }
  }
});

test('later feed pages have no position', async (t) => {
  const operation = catalogue.find(({ name }) => name === 'feed.read') as Operation;
  const answer = { posts: [], nextCursor: null, position: null };
  const { output } = await run(operation, { ...CASES['feed.read'], answer } as Case, {
    userId: ME,
    sessionId: SESSION,
  });
  t.deepEqual(output, { posts: [], nextCursor: null });
});

test('a client may not ask about more posts at once than fit', (t) => {
  const operation = catalogue.find(({ name }) => name === 'post.revalidate') as Operation;
  const held = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [composeId(AT, 1, index), 1]));
  t.true(operation.input.safeParse({ held: held(100) }).success);
  t.false(operation.input.safeParse({ held: held(101) }).success);
  t.false(operation.input.safeParse({ held: { 'no id': 1 } }).success);
});
