/** People in lists, and following them. */
import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { UserSummary } from '../../sdk/wire.ts';
import { useApp } from '../app.ts';
import { Avatar } from './avatar.tsx';
import { Link, profilePath } from './link.tsx';

export function nameOf(user: UserSummary): string {
  return user.displayName === '' ? user.username : user.displayName;
}

export function PersonRow({ user, children }: { user: UserSummary; children?: ComponentChildren }): JSX.Element {
  return (
    <li class="person" data-testid="person" data-username={user.username}>
      <Link to={profilePath(user.username)} class="person-link">
        <Avatar user={user} size="m" />
        <span class="person-names">
          <span class="person-name">{nameOf(user)}</span>
          <span class="person-username">@{user.username}</span>
        </span>
      </Link>
      {children}
    </li>
  );
}

interface FollowProps {
  readonly user: UserSummary;
  readonly following: boolean;
  readonly onChange: (following: boolean) => void;
}

export function FollowButton({ user, following, onChange }: FollowProps): JSX.Element | null {
  const app = useApp();
  const session = app.session.value;
  const [busy, setBusy] = useState(false);
  if (session.userId === user.id) return null;
  const toggle = async (): Promise<void> => {
    if (!app.mustSignIn()) return;
    setBusy(true);
    onChange(!following);
    try {
      await (following ? session.unfollow(user.id) : session.follow(user.id));
    } catch (error) {
      onChange(following);
      app.toasts.error(error, () => void toggle());
    } finally {
      setBusy(false);
    }
  };
  return (
    <button
      type="button"
      class={following ? 'button button-quiet' : 'button'}
      data-following={following}
      aria-label={following ? `Unfollow ${nameOf(user)}` : `Follow ${nameOf(user)}`}
      aria-busy={busy}
      disabled={busy}
      onClick={() => void toggle()}
      data-testid="follow"
    >
      {following ? 'Following' : 'Follow'}
    </button>
  );
}
