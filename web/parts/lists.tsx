/** Lists that go on when one scrolls: their end, their emptiness, and what to do when a page could not be read. */
import type { ComponentChildren, JSX } from 'preact';
import { sentence } from '../state/toasts.ts';
import type { PagedList } from '../state/paged-list.ts';
import { useVisible } from './hooks.ts';
import { Icon, type IconName } from './icons.tsx';

export function Spinner({ label }: { label: string }): JSX.Element {
  return (
    <div class="spinner" role="status">
      <i class="spinner-ring" aria-hidden="true" />
      <span class="unseen">{label}</span>
    </div>
  );
}

export function Empty(props: {
  icon: IconName;
  title: string;
  children: ComponentChildren;
  action?: JSX.Element;
}): JSX.Element {
  return (
    <div class="empty" data-testid="empty">
      <span class="empty-icon">
        <Icon name={props.icon} />
      </span>
      <h2>{props.title}</h2>
      <p>{props.children}</p>
      {props.action}
    </div>
  );
}

export function Failure({ error, retry }: { error: unknown; retry: () => void }): JSX.Element {
  return (
    <div class="failure" role="alert">
      <p>{sentence(error)}</p>
      <button type="button" class="button" onClick={retry} data-testid="retry">
        Try again
      </button>
    </div>
  );
}

/** Stands below a list: loads more before its end is reached. */
export function ListEnd<Item>({
  list,
  retry,
  end,
}: {
  list: PagedList<Item>;
  retry?: () => void;
  end?: string;
}): JSX.Element {
  const phase = list.phase.value;
  const more = list.nextCursor.value !== null;
  const count = list.items.value.length;
  const again = retry ?? (() => void (count === 0 ? list.reload() : list.more()));
  return (
    <div class="list-end">
      {phase.kind === 'failed' && <Failure error={phase.problem} retry={again} />}
      {(phase.kind === 'loading' || (more && phase.kind === 'ready')) && <Spinner label="Loading" />}
      {phase.kind === 'ready' && more && <Sentinel key={count} onVisible={() => void list.more()} />}
      {phase.kind === 'ready' && !more && end !== undefined && count > 3 && <p class="list-over">{end}</p>}
    </div>
  );
}

/** A new one for each page: an observer only tells of changes, and a short page may leave it where it is. */
function Sentinel({ onVisible }: { onVisible: () => void }): JSX.Element {
  const target = useVisible<HTMLDivElement>((visible) => {
    if (visible) onVisible();
  }, '800px');
  return <div ref={target} aria-hidden="true" />;
}
