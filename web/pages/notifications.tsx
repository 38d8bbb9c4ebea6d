/** What others did: follows, likes, comments, replies. Looking at them marks them as read, in every window. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { NotificationKind, NotificationView } from '../../sdk/wire.ts';
import { useApp } from '../app.ts';
import { Avatar } from '../parts/avatar.tsx';
import { usePageTitle } from '../parts/hooks.ts';
import { Icon, type IconName } from '../parts/icons.tsx';
import { Link, postPath, profilePath } from '../parts/link.tsx';
import { Empty, ListEnd } from '../parts/lists.tsx';
import { nameOf } from '../parts/people.tsx';
import { TimeAgo } from '../parts/time-ago.tsx';

const WORDS: Record<NotificationKind, string> = {
  follow: 'started following you',
  like: 'liked your post',
  comment: 'commented on your post',
  reply: 'replied to your comment',
};

const ICONS: Record<NotificationKind, IconName> = {
  follow: 'person',
  like: 'heart',
  comment: 'comment',
  reply: 'reply',
};

/** Long enough to see what is new before it counts as seen. */
const SEEN_AFTER_MS = 1200;

export function NotificationsPage(): JSX.Element {
  const app = useApp();
  const session = app.session.value;
  const { notifications } = session;
  const heading = usePageTitle('Notifications');
  const items = notifications.items.value;
  const unread = session.unread.value;
  const newest = items[0]?.id;
  // What was unread when one came stays marked while one looks.
  const [fresh] = useState(() => new Set<string>());
  for (const one of items) if (!one.read) fresh.add(one.id);
  useEffect(() => {
    void notifications.reload();
  }, [notifications]);
  useEffect(() => {
    if (unread === 0 || newest === undefined) return undefined;
    const timer = setTimeout(() => {
      session.readNotifications().catch((error: unknown) => app.toasts.error(error));
    }, SEEN_AFTER_MS);
    return () => clearTimeout(timer);
  }, [session, unread, newest]);
  return (
    <div class="column">
      <div class="page-head">
        <h1 ref={heading} tabIndex={-1}>
          Notifications
        </h1>
      </div>
      <ul class="notifications" data-testid="notifications">
        {items.map((notification) => (
          <NotificationRow key={notification.id} notification={notification} fresh={fresh.has(notification.id)} />
        ))}
      </ul>
      {notifications.phase.value.kind === 'ready' && items.length === 0 && (
        <Empty icon="bell" title="All quiet">
          Likes, comments and new followers show up here, the moment they happen.
        </Empty>
      )}
      <ListEnd list={notifications} />
    </div>
  );
}

function NotificationRow({ notification, fresh }: { notification: NotificationView; fresh: boolean }): JSX.Element {
  const { kind, actor, postId, createdAt } = notification;
  const target = postId === null ? profilePath(actor.username) : postPath(postId);
  return (
    <li class={fresh ? 'notification notification-fresh' : 'notification'} data-testid="notification" data-kind={kind}>
      <Link to={target} class="notification-link">
        <span class="notification-picture">
          <Avatar user={actor} size="m" />
          <span class={`notification-kind notification-${kind}`}>
            <Icon name={ICONS[kind]} filled={kind === 'like'} />
          </span>
        </span>
        <span class="notification-words">
          <b>{nameOf(actor)}</b> {WORDS[kind]}
          <TimeAgo time={createdAt} />
        </span>
        {fresh && <span class="unseen">New</span>}
      </Link>
    </li>
  );
}
