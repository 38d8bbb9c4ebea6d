import test, { type ExecutionContext } from 'ava';
import { EventStore, type Pending } from '../../sdk/event-store.ts';
import type { EventsMessage, SyncPage, WelcomeMessage, WireEvent } from '../../sdk/wire.ts';
import { ids } from '../support/live-client.ts';
import { postEvent } from '../support/scripted-live-server.ts';

const NOW_MS = 1_800_000_000_000;

function frame(seq: number, ...numbers: number[]): EventsMessage {
  return { t: 'events', epoch: 'e', seq, cursor: `live-${seq}`, events: numbers.map((number) => postEvent(number)) };
}

function page(done: boolean, ...numbers: number[]): SyncPage {
  return { events: numbers.map((number) => postEvent(number)), cursor: `page-${numbers.at(-1)}`, done, reset: null };
}

function welcome(mode: WelcomeMessage['mode'], seq: number): WelcomeMessage {
  const where = { user: 'u', session: 's', epoch: 'e', seq, cursor: 'c' };
  return { t: 'welcome', ...where, mode, state: { unreadNotifications: 0 }, ticket: 'ticket', pingMs: 120_000 };
}

/** Events 1 and 2 are known; 3, 4 and 5 were missed, and 6 would be the next number. */
function behind(remembered?: number): EventStore {
  const store = new EventStore(remembered);
  store.welcome(welcome('fresh', 0), NOW_MS);
  store.events(frame(1, 1, 2), NOW_MS);
  store.behind({ epoch: 'e', seq: 5 }, NOW_MS);
  return store;
}

function isHandedOn(t: ExecutionContext, events: readonly WireEvent[], ...numbers: number[]): void {
  t.deepEqual(
    events.map((event) => event.id),
    ids(...numbers),
  );
}

test('what arrives live while something is missing is handed on behind the last page, without what the pages told', (t) => {
  const store = behind();
  isHandedOn(t, store.events(frame(6, 4, 6), NOW_MS));
  isHandedOn(t, store.syncPage(page(false, 2, 3), store.pending, NOW_MS), 3);
  isHandedOn(t, store.events(frame(8, 7, 6), NOW_MS));
  isHandedOn(t, store.syncPage(page(true, 4, 5), store.pending, NOW_MS), 4, 5, 6, 7);
  isHandedOn(t, store.events(frame(10, 8), NOW_MS), 8);
});

test('the events of the frame that shows a gap wait as well', (t) => {
  const store = new EventStore();
  store.welcome(welcome('fresh', 0), NOW_MS);
  isHandedOn(t, store.events(frame(3, 3), NOW_MS));
  isHandedOn(t, store.syncPage(page(true, 1, 2, 3), store.pending, NOW_MS), 1, 2, 3);
});

test('what is held is counted and saved with the position, and survives a restart', (t) => {
  const store = behind();
  store.events(frame(6, 6, 7), NOW_MS);
  t.deepEqual(store.position, { epoch: 'e', seq: 7 });
  t.is(store.cursor, 'live-1', 'the cursor stands before what is missing');
  const again = new EventStore();
  t.true(again.restore(store.save()));
  again.welcome(welcome('resumed', 7), NOW_MS);
  isHandedOn(t, again.syncPage(page(true, 3, 4, 5), again.pending, NOW_MS), 3, 4, 5, 6, 7);
  const third = new EventStore();
  t.true(third.restore(again.save()));
  t.is(third.pending.kind, 'nothing');
});

test('a text that was saved before anything could be held is still understood; one with something else in it is not', (t) => {
  const { held, ...older } = JSON.parse(behind().save()) as Record<string, unknown>;
  t.deepEqual(held, []);
  t.true(new EventStore().restore(JSON.stringify(older)));
  t.false(new EventStore().restore(JSON.stringify({ ...older, held: [7] })));
});

test('what arrives during a reload is handed on after it, without the posts that it showed', (t) => {
  const store = behind();
  store.reset('bounds');
  isHandedOn(t, store.events(frame(6, 6, 7), NOW_MS));
  const feed = { posts: [{ id: '6' }], position: { epoch: 'e', seq: 6, cursor: 'feed' } };
  isHandedOn(t, store.reloaded(feed, NOW_MS), 7);
  t.is(store.pending.kind, 'nothing');
  t.deepEqual(store.resumePoint, { epoch: 'e', seq: 7, cursor: 'feed' });
});

test('what was held before a reload was asked for is part of it, and not told a second time', (t) => {
  const store = behind();
  store.events(frame(6, 6), NOW_MS);
  store.syncPage({ ...page(true), reset: 'retention' }, store.pending, NOW_MS);
  t.deepEqual(store.pending, { kind: 'reload', reason: 'retention' } satisfies Pending);
  store.events(frame(7, 7), NOW_MS);
  isHandedOn(t, store.reloaded(null, NOW_MS), 7);
});

test('a page of the feed that is shown at the start leaves nothing to be handed on', (t) => {
  const store = behind();
  store.events(frame(6, 6), NOW_MS);
  store.continueFrom({ posts: [], position: { epoch: 'e', seq: 6, cursor: 'feed' } }, NOW_MS);
  isHandedOn(t, store.events(frame(7, 7), NOW_MS), 7);
});

test('more events than can be told apart are not held: a reload is asked for', (t) => {
  const store = behind(3);
  store.events(frame(6, 6, 7, 8), NOW_MS);
  t.is(store.pending.kind, 'catch-up');
  store.events(frame(9, 9), NOW_MS);
  t.deepEqual(store.pending, { kind: 'reload', reason: 'bounds' } satisfies Pending);
  isHandedOn(t, store.events(frame(10, 10), NOW_MS));
  isHandedOn(t, store.reloaded(null, NOW_MS), 10);
});

test('the last page ends no gap that opened after it was asked for', (t) => {
  const store = behind();
  const asked = store.pending;
  store.behind({ epoch: 'e', seq: 7 }, NOW_MS);
  isHandedOn(t, store.syncPage(page(true, 3, 4, 5), asked, NOW_MS), 3, 4, 5);
  t.is(store.pending.kind, 'catch-up');
  isHandedOn(t, store.syncPage(page(true, 6, 7), store.pending, NOW_MS), 6, 7);
  t.is(store.pending.kind, 'nothing');
});
