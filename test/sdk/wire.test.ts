/**
 * The client's types are the server's, with ids as plain strings. Checked by the compiler: a field that one side gains,
 * loses or changes does not compile here.
 */
import test from 'ava';
import * as wire from '../../sdk/wire.ts';
import type { SessionState } from '../../src/actors/live/session.ts';
import type * as services from '../../src/actors/services.ts';
import type * as views from '../../src/actors/views.ts';
import type { SignedIn } from '../../src/gateway/auth/accounts.ts';
import * as messages from '../../src/gateway/protocol/messages.ts';
import type { UploadSlot } from '../../src/media/uploads.ts';

/** Branded strings as strings, all the way down. */
type Plain<Type> = Type extends string
  ? string extends Type
    ? string
    : Type extends { readonly [key: symbol]: unknown }
      ? string
      : IsBranded<Type> extends true
        ? string
        : Type
  : Type extends readonly (infer Item)[]
    ? readonly Plain<Item>[]
    : Type extends object
      ? { readonly [Key in keyof Type]: Plain<Type[Key]> }
      : Type;

/** A brand is a string that no literal is. */
type IsBranded<Type extends string> = Type extends `${infer Text}`
  ? Text extends Type
    ? Type extends Text
      ? false
      : true
    : true
  : true;

type Same<Left, Right> = [Left] extends [Right] ? ([Right] extends [Left] ? true : false) : false;

function holds<Claim extends true>(claim: Claim): boolean {
  return claim;
}

test('the messages are those of the server', (t) => {
  t.true(holds<Same<wire.ClientMessage, messages.ClientMessage>>(true));
  t.true(holds<Same<wire.ServerMessage, messages.ServerMessage>>(true));
  t.true(holds<Same<wire.ProblemDocument, messages.ProblemDocument>>(true));
  t.true(holds<Same<wire.WireEvent, messages.WireEvent>>(true));
  t.true(holds<Same<wire.SessionState, SessionState>>(true));
  t.true(wire.PROTOCOL === messages.PROTOCOL);
});

test('the shapes are those of the server', (t) => {
  t.true(holds<Same<wire.UserSummary, Plain<views.UserSummary>>>(true));
  t.true(holds<Same<wire.ProfileView, Plain<views.ProfileView>>>(true));
  t.true(holds<Same<wire.PhotoView, Plain<views.PhotoView>>>(true));
  t.true(holds<Same<wire.PostView, Plain<views.PostView>>>(true));
  t.true(holds<Same<wire.PostPageItem, Plain<views.PostPageItem>>>(true));
  t.true(holds<Same<wire.CommentView, Plain<views.CommentView>>>(true));
  t.true(holds<Same<wire.NotificationView, Plain<views.NotificationView>>>(true));
  t.true(holds<Same<wire.UploadSlot, Plain<UploadSlot>>>(true));
  t.true(holds<Same<wire.SignedIn, Plain<SignedIn>>>(true));
  t.true(holds<Same<wire.SyncPage['reset'], services.SyncPage['reset']>>(true));
  t.true(holds<Same<keyof wire.SyncPage, keyof services.SyncPage>>(true));
  t.true(holds<Same<wire.Revalidated, Plain<Awaited<ReturnType<services.Posts['revalidate']>>>>>(true));
});

test('the comparison can tell a difference', (t) => {
  const differs: Same<wire.UserSummary, Plain<views.ProfileView>> = false;
  const kinds: Same<'a' | 'b', Plain<'a'>> = false;
  const literal: Same<'a', Plain<'a'>> = true;
  t.deepEqual([differs, kinds, literal], [false, false, true]);
});
