/** A link within the page: a real one for the keyboard, new tabs and copying, but without reloading. */
import type { ComponentChildren, JSX } from 'preact';
import { useApp } from '../app.ts';

interface LinkProps {
  readonly to: string;
  readonly children: ComponentChildren;
  readonly class?: string;
  readonly label?: string;
  readonly testId?: string;
  readonly current?: boolean;
  readonly hidden?: boolean;
}

export function Link({ to, children, label, testId, current, hidden, ...rest }: LinkProps): JSX.Element {
  const { router } = useApp();
  const follow = (event: MouseEvent): void => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    router.go(to);
  };
  return (
    <a
      href={to}
      class={rest.class}
      aria-label={label}
      aria-current={current === true ? 'page' : undefined}
      aria-hidden={hidden === true ? 'true' : undefined}
      tabIndex={hidden === true ? -1 : undefined}
      data-testid={testId}
      onClick={follow}
    >
      {children}
    </a>
  );
}

export function profilePath(username: string): string {
  return `/u/${encodeURIComponent(username)}`;
}

export function postPath(postId: string): string {
  return `/p/${encodeURIComponent(postId)}`;
}
