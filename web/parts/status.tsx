/** What the page says by itself: messages, and whether it is live. */
import type { JSX } from 'preact';
import { useApp } from '../app.ts';
import { Icon } from './icons.tsx';

export function ToastList(): JSX.Element {
  const { toasts } = useApp();
  return (
    <div class="toasts" role="region" aria-label="Messages" aria-live="polite" data-testid="toasts">
      {toasts.shown.value.map((toast) => (
        <div
          key={toast.id}
          class={`toast toast-${toast.kind}`}
          role={toast.kind === 'error' ? 'alert' : 'status'}
          data-testid="toast"
        >
          {toast.kind === 'error' && <Icon name="alert" />}
          <span class="toast-text">{toast.text}</span>
          {toast.action !== null && (
            <button
              type="button"
              class="toast-action"
              onClick={() => {
                toasts.dismiss(toast.id);
                toast.action?.run();
              }}
            >
              {toast.action.label}
            </button>
          )}
          <button type="button" class="icon-button" aria-label="Dismiss" onClick={() => toasts.dismiss(toast.id)}>
            <Icon name="close" />
          </button>
        </div>
      ))}
    </div>
  );
}

const WORDS = {
  connecting: 'Connecting',
  live: 'Live',
  'catching-up': 'Catching up',
  reconnecting: 'Reconnecting',
  stopped: 'Not live',
} as const;

export function ConnectionIndicator(): JSX.Element | null {
  const session = useApp().session.value;
  if (session.account === null) return null;
  const { kind } = session.status.value;
  return (
    <span
      class={`connection connection-${kind}`}
      role="status"
      data-testid="connection"
      data-state={kind}
      title={WORDS[kind]}
    >
      <i class="connection-dot" aria-hidden="true" />
      <span class="connection-text">{WORDS[kind]}</span>
    </span>
  );
}
