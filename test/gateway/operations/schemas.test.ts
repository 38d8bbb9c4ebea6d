import test from 'ava';
import fc from 'fast-check';
import type { z } from 'zod';
import type {
  CommentView,
  NotificationView,
  Position,
  PostPageItem,
  PostView,
  ProfileView,
  UserSummary,
} from '../../../src/actors/views.ts';
import type { SignedIn } from '../../../src/gateway/auth/accounts.ts';
import type { WireEvent } from '../../../src/gateway/protocol/messages.ts';
import { deviceInput, pageInput, pageOf, postIdInput, text } from '../../../src/gateway/operations/input-schemas.ts';
import type * as views from '../../../src/gateway/operations/view-schemas.ts';
import { composeId, EPOCH_MS, type PostId } from '../../../src/ids.ts';
import { limits } from '../../../src/limits.ts';
import type { UploadSlot } from '../../../src/media/uploads.ts';

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
type Out<Schema extends z.ZodType> = z.output<Schema>;

test('the schemas are the views, no more and no less', (t) => {
  // Each line compiles only if the two types are assignable both ways: the check is the compiler's.
  const same: {
    user: Same<Out<typeof views.userSummary>, UserSummary>;
    profile: Same<Out<typeof views.profileView>, ProfileView>;
    post: Same<Out<typeof views.postView>, PostView>;
    item: Same<Out<typeof views.postPageItem>, PostPageItem>;
    comment: Same<Out<typeof views.commentView>, CommentView>;
    notification: Same<Out<typeof views.notificationView>, NotificationView>;
    position: Same<Out<typeof views.position>, Position>;
    upload: Same<Out<typeof views.uploadSlot>, UploadSlot>;
    signedIn: Same<Out<typeof views.signedIn>, SignedIn>;
    event: Same<Out<typeof views.wireEvent>, WireEvent>;
    keys: Same<
      keyof Out<typeof views.postPageItem> | keyof Out<typeof views.profileView>,
      keyof PostPageItem | keyof ProfileView
    >;
  } = {
    user: true,
    profile: true,
    post: true,
    item: true,
    comment: true,
    notification: true,
    position: true,
    upload: true,
    signedIn: true,
    event: true,
    keys: true,
  };
  t.is(Object.keys(same).length, 11);
});

test('a text comes in trimmed, composed, with one kind of line break', (t) => {
  const schema = text({ max: 20, lines: true });
  t.is(schema.parse('  e\u0301t\u00e9\r\nb\rc  '), 'été\nb\nc');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 10 }), (value) => {
      const parsed = schema.safeParse(value);
      if (!parsed.success) return /\p{Cc}/u.test(value);
      return parsed.data === parsed.data.normalize('NFC').trim() && schema.parse(parsed.data) === parsed.data;
    }),
  );
});

test('lengths count characters, not code units', (t) => {
  const schema = text({ min: 1, max: 3 });
  t.true(schema.safeParse('📷📷📷').success);
  t.false(schema.safeParse('📷📷📷📷').success);
  t.false(schema.safeParse('   ').success, 'spaces alone are nothing');
});

test('control characters and broken text are refused', (t) => {
  for (const value of ['a\0b', 'a\u001bb', 'a\u0085b', 'a\tb', 'a\ud800b', 'a\udc00']) {
    t.false(text({ max: 10, lines: true }).safeParse(value).success, JSON.stringify(value));
  }
  t.true(text({ max: 10, lines: true }).safeParse('a\nb').success);
  t.false(text({ max: 10 }).safeParse('a\nb').success);
  t.false(deviceInput.safeParse('x'.repeat(limits.deviceCharactersMax + 1)).success);
});

test('what is not an id is refused before anyone looks it up', (t) => {
  t.true(postIdInput.safeParse(composeId<PostId>(EPOCH_MS + 5, 1, 1)).success);
  for (const value of ['', '..', '../../etc/pass', '0123456789ABC', 7, null])
    t.false(postIdInput.safeParse(value).success);
});

test('a page has a size within bounds, as number or as text, and a cursor or none', (t) => {
  t.is(pageInput.limit.parse(undefined), limits.pageSizeDefault);
  t.is(pageInput.limit.parse('7'), 7);
  t.is(pageInput.limit.parse(100), 100);
  for (const limit of [0, 101, -1, 1.5, 'many', '', null, NaN]) t.false(pageInput.limit.safeParse(limit).success);
  t.deepEqual(pageOf({ limit: 5 }), { cursor: null, limit: 5 });
  t.deepEqual(pageOf({ cursor: '', limit: 5 }), { cursor: null, limit: 5 });
  t.deepEqual(pageOf({ cursor: 'c', limit: 5 }), { cursor: 'c', limit: 5 });
  t.false(pageInput.cursor.safeParse('c'.repeat(513)).success);
});
