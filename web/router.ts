/** Which page is shown: the address bar is the truth, the history API moves it. Scroll positions come back with "back". */
import { type ReadonlySignal, signal } from '@preact/signals';

export type Route =
  | { readonly page: 'feed' | 'login' | 'signup' | 'notifications' | 'new' | 'settings' | 'find' | 'missing' }
  | { readonly page: 'profile'; readonly username: string; readonly list: 'posts' | 'followers' | 'following' }
  | { readonly page: 'post'; readonly postId: string };

export interface Router {
  readonly route: ReadonlySignal<Route>;
  /** Counts navigations, so that pages can tell "again" from "still". */
  readonly visits: ReadonlySignal<number>;
  go(path: string, options?: { replace?: boolean }): void;
  /** To the page before if it was ours, else to `fallback`. */
  back(fallback: string): void;
  /** Restores the scroll position of this visit; call when the page has something to show. */
  restoreScroll(): void;
  readonly cameBack: boolean;
}

const SIMPLE = new Map<string, Route>([
  ['/', { page: 'feed' }],
  ['/login', { page: 'login' }],
  ['/signup', { page: 'signup' }],
  ['/notifications', { page: 'notifications' }],
  ['/new', { page: 'new' }],
  ['/settings', { page: 'settings' }],
  ['/find', { page: 'find' }],
]);

export function parseRoute(path: string): Route {
  const simple = SIMPLE.get(path.length > 1 ? path.replace(/\/+$/, '') : path);
  if (simple !== undefined) return simple;
  const [first, second, third, ...rest] = path.slice(1).split('/').map(decode);
  if (second === undefined || second === '' || rest.length > 0) return { page: 'missing' };
  if (first === 'p' && third === undefined) return { page: 'post', postId: second };
  if (first !== 'u') return { page: 'missing' };
  if (third === undefined || third === '') return { page: 'profile', username: second, list: 'posts' };
  if (third === 'followers' || third === 'following') return { page: 'profile', username: second, list: third };
  return { page: 'missing' };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** What is kept in the history entry: which visit it was, and whether an earlier one was ours too. */
interface Entry {
  readonly visit: number;
}

const SCROLLS_KEPT = 50;

export function createRouter(window: Window): Router {
  const { history, location } = window;
  const route = signal<Route>(parseRoute(location.pathname));
  const visits = signal(0);
  const scrolls = new Map<number, number>();
  let visit = entryOf(history.state)?.visit ?? 0;
  let newest = visit;
  let ours = 0;
  let restoreTo: number | null = null;
  history.scrollRestoration = 'manual';
  history.replaceState({ visit } satisfies Entry, '');

  const remember = (): void => {
    scrolls.delete(visit);
    scrolls.set(visit, window.scrollY);
    for (const oldest of scrolls.keys()) {
      if (scrolls.size <= SCROLLS_KEPT) break;
      scrolls.delete(oldest);
    }
  };
  const show = (): void => {
    visits.value++;
    route.value = parseRoute(location.pathname);
  };
  window.addEventListener('popstate', (event) => {
    remember();
    visit = entryOf(event.state)?.visit ?? 0;
    ours = Math.max(0, ours - 1);
    restoreTo = scrolls.get(visit) ?? 0;
    show();
  });

  return {
    route,
    visits,
    go(path, options = {}) {
      if (path === location.pathname && options.replace !== true) {
        window.scrollTo({ top: 0, behavior: 'smooth' });
        return;
      }
      remember();
      if (options.replace === true) {
        history.replaceState({ visit } satisfies Entry, '', path);
      } else {
        visit = ++newest;
        ours++;
        history.pushState({ visit } satisfies Entry, '', path);
      }
      restoreTo = null;
      show();
      window.scrollTo(0, 0);
    },
    back(fallback) {
      if (ours > 0) history.back();
      else this.go(fallback, { replace: true });
    },
    restoreScroll() {
      if (restoreTo === null) return;
      const top = restoreTo;
      restoreTo = null;
      window.requestAnimationFrame(() => window.scrollTo(0, top));
    },
    get cameBack() {
      return restoreTo !== null;
    },
  };
}

function entryOf(state: unknown): Entry | null {
  return typeof state === 'object' && state !== null && 'visit' in state ? (state as Entry) : null;
}
