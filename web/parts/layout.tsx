/** The frame around every page: bar at the top and tabs at the bottom on a phone, a rail at the side on a wide screen. */
import type { ComponentChildren, JSX } from 'preact';
import { useApp } from '../app.ts';
import { Avatar } from './avatar.tsx';
import { Icon, type IconName, Mark } from './icons.tsx';
import { Link, profilePath } from './link.tsx';
import { nameOf } from './people.tsx';
import { ConnectionIndicator, ToastList } from './status.tsx';

export function Layout({ children }: { children: ComponentChildren }): JSX.Element {
  const account = useApp().account.value;
  return (
    <div class={account === null ? 'frame frame-visitor' : 'frame'}>
      <a class="skip" href="#main">
        Skip to content
      </a>
      <header class="bar">
        <Link to="/" class="brand" label="Shutterline, home">
          <Mark />
          <span class="brand-name">Shutterline</span>
        </Link>
        <span class="bar-gap" />
        <ConnectionIndicator />
        {account === null && <VisitorLinks />}
      </header>
      {account !== null && <Tabs />}
      <main id="main" class="main" tabIndex={-1}>
        {children}
      </main>
      <ToastList />
    </div>
  );
}

function VisitorLinks(): JSX.Element {
  return (
    <nav class="visitor-links" aria-label="Account">
      <Link to="/login" class="button button-quiet button-small">
        Log in
      </Link>
      <Link to="/signup" class="button button-small">
        Sign up
      </Link>
    </nav>
  );
}

function Tabs(): JSX.Element | null {
  const app = useApp();
  const account = app.account.value;
  const route = app.router.route.value;
  const unread = app.session.value.unread.value;
  if (account === null) return null;
  const mine = route.page === 'profile' && route.username === account.user.username;
  return (
    <nav class="tabs" aria-label="Main">
      <Tab to="/" icon="home" label="Home" current={route.page === 'feed'} testId="nav-home" />
      <Tab to="/find" icon="find" label="Find people" current={route.page === 'find'} testId="nav-find" />
      <Link to="/new" class="tab tab-new" label="New post" testId="nav-new" current={route.page === 'new'}>
        <span class="tab-icon">
          <Icon name="add" />
        </span>
        <span class="tab-label">New post</span>
      </Link>
      <Link
        to="/notifications"
        class="tab"
        label={unread === 0 ? 'Notifications' : `Notifications, ${unread} unread`}
        testId="nav-notifications"
        current={route.page === 'notifications'}
      >
        <span class="tab-icon">
          <Icon name="bell" filled={route.page === 'notifications'} />
          {unread > 0 && (
            <span class="badge" key={unread} data-testid="badge">
              {unread > 99 ? '99+' : unread}
            </span>
          )}
        </span>
        <span class="tab-label">Notifications</span>
      </Link>
      <Link
        to={profilePath(account.user.username)}
        class="tab"
        label="Your profile"
        testId="nav-profile"
        current={mine}
      >
        <span class="tab-icon">
          <Avatar user={account.user} size="s" />
        </span>
        <span class="tab-label">{nameOf(account.user)}</span>
      </Link>
    </nav>
  );
}

function Tab(props: { to: string; icon: IconName; label: string; current: boolean; testId: string }): JSX.Element {
  return (
    <Link to={props.to} class="tab" label={props.label} current={props.current} testId={props.testId}>
      <span class="tab-icon">
        <Icon name={props.icon} filled={props.current && props.icon === 'home'} />
      </span>
      <span class="tab-label">{props.label}</span>
    </Link>
  );
}
