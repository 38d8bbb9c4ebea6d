/** The whole page as one object: client, router, messages, and the session of whoever is signed in. */
import { type ReadonlySignal, signal } from '@preact/signals';
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { Client } from '../sdk/client.ts';
import { webStorage } from '../sdk/storage.ts';
import type { Account } from '../sdk/tokens.ts';
import { createRouter, type Router } from './router.ts';
import { Session } from './state/session.ts';
import { Toasts } from './state/toasts.ts';

const ACCOUNT_KEY = 'shutterline.account';
const CLOCK_MS = 20_000;
/** Further up than this counts as the top of the page. */
const TOP_PX = 240;

export class App {
  readonly client: Client;
  readonly router: Router;
  readonly toasts = new Toasts();
  private readonly window: Window;
  private readonly clock = signal(Date.now());
  private readonly current: ReturnType<typeof signal<Session>>;
  private readonly person: ReturnType<typeof signal<Account | null>>;

  constructor(window: Window) {
    this.window = window;
    this.router = createRouter(window);
    const { locks } = window.navigator as Partial<Navigator>;
    this.client = new Client({
      url: window.location.origin,
      tokenStorage: webStorage(window.localStorage, ACCOUNT_KEY),
      // Absent where the page is not on a secure origin; then a refresh done twice is within the server's grace.
      lock: (name, task) => (locks === undefined ? task() : (locks.request(name, task) as ReturnType<typeof task>)),
    });
    this.person = signal(this.client.account);
    this.current = signal(this.newSession(this.client.account));
  }

  get session(): ReadonlySignal<Session> {
    return this.current as ReadonlySignal<Session>;
  }

  /** Wall time, a little behind: what says "5m" stays true without a reload. */
  get nowMs(): ReadonlySignal<number> {
    return this.clock;
  }

  get account(): ReadonlySignal<Account | null> {
    return this.person as ReadonlySignal<Account | null>;
  }

  /** Begins to listen, and goes live if somebody is signed in. */
  start(): void {
    this.window.setInterval(() => {
      this.clock.value = Date.now();
    }, CLOCK_MS);
    this.client.tokens.onChange((account) => this.changed(account));
    this.window.addEventListener('storage', (event) => {
      if (event.key === ACCOUNT_KEY) this.client.tokens.reread();
    });
    // Perhaps only one of several networks is gone: the connection is asked before it is given up.
    this.window.addEventListener('offline', () => this.session.value.wake());
    this.window.addEventListener('online', () => this.session.value.wake());
    this.window.addEventListener('pageshow', () => this.session.value.wake());
    this.window.document.addEventListener('visibilitychange', () => {
      if (this.window.document.visibilityState === 'visible') this.session.value.wake();
    });
    void this.session.value.start();
  }

  /** True if somebody is signed in; else asks to sign in first. */
  mustSignIn(): boolean {
    if (this.session.value.account !== null) return true;
    this.toasts.info('Log in to do that.');
    this.router.go('/login');
    return false;
  }

  private changed(account: Account | null): void {
    this.person.value = account;
    if (account?.user.id === this.session.value.userId) return;
    const before = this.session.value;
    before.end();
    this.current.value = this.newSession(account);
    void this.session.value.start();
    if (account === null) this.router.go('/login', { replace: true });
  }

  private newSession(account: Account | null): Session {
    const ports = {
      client: this.client,
      toasts: this.toasts,
      atTop: () => this.window.scrollY < TOP_PX,
      signedOut: () => {
        this.client.tokens.signOut();
        this.toasts.info('You were signed out. Log in again to go on.');
      },
    };
    return new Session(ports, account);
  }
}

const AppContext = createContext<App | null>(null);

export const AppProvider = AppContext.Provider;

export function useApp(): App {
  const app = useContext(AppContext);
  if (app === null) throw new Error('The page was rendered without its application.');
  return app;
}
