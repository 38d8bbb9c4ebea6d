/**
 * Live events of one device, for as long as the application wants them: connects, resumes, catches up, reloads, and
 * reconnects with full jitter. The application sees each event once; what it must reload, it is told to reload.
 *
 *   connecting ──welcome──► live ◄──────── catching up (sync pages or a reload; live events are held until its end)
 *       ▲                    │                  ▲
 *       └── reconnecting ◄───┴── closed ────────┘        stopped: signed out, replaced, refused, or `stop()`
 */
import { Acknowledger } from './acknowledger.ts';
import { CatchUp } from './catch-up.ts';
import { closeVerdict, type StopReason } from './close-codes.ts';
import { EventStore } from './event-store.ts';
import { clientLimits } from './limits.ts';
import { Greeter, type LiveCredentials } from './greeter.ts';
import { GIVEN_UP, LiveSocket } from './live-socket.ts';
import { PendingOperations } from './pending-operations.ts';
import { backoffMs, type Platform, systemPlatform, type Timer } from './platform.ts';
import { asProblem, networkProblem } from './problem.ts';
import type { TextStorage } from './storage.ts';
import { type LiveListener, Watches } from './watches.ts';
import type {
  EventsMessage,
  ResumePoint,
  ServerMessage,
  SessionState,
  ShownFeed,
  SyncPage,
  WireEvent,
} from './wire.ts';

export type LiveStatus =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'catching-up' }
  | { readonly kind: 'reconnecting'; readonly attempt: number }
  | { readonly kind: 'stopped'; readonly reason: StopReason };

export interface LiveHandlers {
  /**
   * Called once per event, in order: what arrives live while something is missing is handed on after what was missing.
   * What it throws goes to `failed`.
   */
  event(event: WireEvent): void;
  /**
   * Something cannot be told event by event: read the first page of the feed, then the other lists, and resolve to that
   * page. No event is handed on meanwhile. Those that come are handed on when you have resolved, though the lists may show
   * what they tell already: keep whichever `version` of a thing is newer.
   */
  reload(reason: string): Promise<ShownFeed | null>;
  /**
   * Caught up after a gap, by events or by a reload. Posts of very popular authors are not repeated event by event: ask what
   * became of the posts that are held (`client.revalidate(posts.versions())`, then `posts.applyRevalidated`), or edits and
   * deletions that happened meanwhile stay unseen.
   */
  caughtUp?(): void;
  state?(state: Partial<SessionState>): void;
  status?(status: LiveStatus): void;
  failed?(error: unknown): void;
}

export interface LiveOptions {
  /** The server's address, `https://host`. */
  readonly url: string;
  /** Stable per installation, different per window: a second connection of the same device replaces the first. */
  readonly device: string;
  readonly credentials: LiveCredentials;
  readonly handlers: LiveHandlers;
  /**
   * Where the position is kept between runs, with the events that are held while something is missing. Written before
   * each acknowledgement and after each step of catching up: after a crash, at most what came since then comes again.
   */
  readonly storage?: TextStorage;
  /** Resume within the upgrade request instead of a first frame: one round trip less. Default true. */
  readonly resumeInUpgrade?: boolean;
  /** Default `clientLimits.rememberedEventIds`. */
  readonly rememberedEventIds?: number;
  readonly platform?: Platform;
}

type TimerName = 'reconnect' | 'drain' | 'stable' | 'silence';

export class Live {
  private readonly options: LiveOptions;
  private readonly platform: Platform;
  private readonly store: EventStore;
  private readonly watches = new Watches();
  private readonly operations: PendingOperations;
  private readonly acknowledger: Acknowledger;
  private readonly greeter: Greeter;
  private readonly catchUp: CatchUp;
  private socket: LiveSocket | null = null;
  private welcomed = false;
  private running = false;
  /** Counts attempts to connect: what was awaited for an older one is dropped. */
  private round = 0;
  private attempt = 0;
  private retryAfterMs = 0;
  private release: (() => void) | null = null;
  private readonly timers = new Map<TimerName, Timer>();
  private current: LiveStatus = { kind: 'stopped', reason: 'stopped' };

  constructor(options: LiveOptions) {
    this.options = options;
    this.platform = options.platform ?? systemPlatform();
    this.store = new EventStore(options.rememberedEventIds);
    this.operations = new PendingOperations(this.platform);
    this.acknowledger = new Acknowledger(this.platform, (seq) => {
      this.keep();
      this.socket?.send({ t: 'ack', seq });
    });
    this.greeter = new Greeter(this.platform, options);
    this.catchUp = new CatchUp(this.platform, this.store, {
      connected: () => this.welcomed,
      sync: async (cursor) => (await this.call('sync', { cursor })) as SyncPage,
      reload: (reason) => options.handlers.reload(reason),
      news: (events) => this.hand(events),
      progressed: () => this.progressed(),
      caughtUp: () => this.guard(() => options.handlers.caughtUp?.()),
    });
    const saved = options.storage?.read() ?? null;
    if (saved !== null) this.store.restore(saved);
  }

  get status(): LiveStatus {
    return this.current;
  }

  /** Where the device has read to; null before it is known. */
  get position(): ResumePoint | null {
    return this.store.resumePoint;
  }

  /** `shown`: the first page of the feed, if it is shown already: the log goes on from there. */
  start(shown: ShownFeed | null = null): void {
    if (this.running) return;
    this.running = true;
    if (shown !== null) this.store.continueFrom(shown, this.platform.now());
    this.attempt = 0;
    this.greeter.forgive();
    // A long connection is shown each fresh token; it need not ask for one of its own.
    const show = (token: string): void => {
      if (this.welcomed) this.socket?.send({ t: 'auth', token });
    };
    this.release = this.options.credentials.onFresh?.(show) ?? null;
    this.become({ kind: 'connecting' });
    this.guardAsync(this.connect());
  }

  stop(): void {
    this.halt('stopped');
  }

  /** The network is back, or the page is visible again: do not wait for a timer. */
  wake(): void {
    if (!this.running) return;
    if (this.timers.has('reconnect')) this.guardAsync(this.connect());
    else if (this.welcomed) this.probe();
  }

  /** An operation over the connection. Rejects with a retryable `network` problem when there is none, or it breaks. */
  call(operation: string, params: unknown, options: { key?: string; timeoutMs?: number } = {}): Promise<unknown> {
    const socket = this.socket;
    if (socket === null || !this.welcomed) return Promise.reject(networkProblem());
    const key = options.key === undefined ? {} : { key: options.key };
    const send = (id: string): void => socket.send({ t: 'op', id, op: operation, params, ...key });
    return this.operations.start(send, options.timeoutMs ?? clientLimits.operationTimeoutMs);
  }

  /** News of a topic (`post:<id>`) while it is on the screen. Returns how to end it. */
  watch(topic: string, listener: LiveListener): () => void {
    return this.watches.add(topic, listener);
  }

  private async connect(): Promise<void> {
    const round = ++this.round;
    this.cancel('reconnect');
    this.drop();
    try {
      const target = await this.greeter.prepare(this.store.resumePoint);
      if (round !== this.round || !this.running) return;
      this.socket = new LiveSocket(this.platform, target, {
        message: (message, bytes) => this.receive(message, bytes),
        unreadable: () => this.greeter.askForText(),
        ended: (code) => this.closed(code),
      });
    } catch (error) {
      if (round !== this.round || !this.running) return;
      if (asProblem(error).code === 'signed-out') this.halt('signed-out');
      else this.retryLater();
    }
  }

  private receive(message: ServerMessage, bytes: number): void {
    const now = this.platform.now();
    switch (message.t) {
      case 'welcome':
        this.store.welcome(message, now);
        this.greeted(message.ticket, message.state);
        break;
      case 'events':
        this.receiveEvents(message, bytes);
        break;
      case 'behind':
        this.acknowledger.drop();
        this.store.behind(message, now);
        this.progressed();
        break;
      case 'reset':
        this.acknowledger.drop();
        this.store.reset(message.reason);
        this.progressed();
        break;
      case 'result':
        this.operations.settle(message);
        break;
      case 'state':
        this.guard(() => this.options.handlers.state?.(message.state));
        break;
      case 'live':
        this.guard(() => this.watches.deliver(message));
        break;
      case 'ticket':
        this.greeter.takeTicket(message.ticket);
        break;
      case 'drain':
        this.after('drain', message.afterMs, () => this.guardAsync(this.connect()));
        break;
      case 'error':
        this.retryAfterMs = message.error.retryAfterMs ?? 0;
        break;
      default:
        // A newer server may say more; what is not known is not needed.
        break;
    }
  }

  private greeted(ticket: string, state: SessionState): void {
    const socket = this.socket;
    if (socket === null) return;
    this.welcomed = true;
    this.retryAfterMs = 0;
    this.greeter.takeTicket(ticket);
    this.greeter.forgive();
    this.after('stable', clientLimits.stableAfterMs, () => {
      this.attempt = 0;
    });
    this.after('silence', clientLimits.silenceMs, () => this.listen());
    this.watches.attach({
      watch: (topics) => socket.send({ t: 'watch', topics }),
      unwatch: (topics) => socket.send({ t: 'unwatch', topics }),
    });
    this.guard(() => this.options.handlers.state?.(state));
    this.progressed();
  }

  private receiveEvents(message: EventsMessage, bytes: number): void {
    const before = this.store.pending;
    const news = this.store.events(message, this.platform.now());
    this.hand(news);
    const seq = this.store.position?.seq;
    if (seq !== undefined) this.acknowledger.received(seq, message.events.length, bytes);
    if (this.store.pending !== before) this.progressed();
  }

  private hand(events: readonly WireEvent[]): void {
    for (const event of events) this.guard(() => this.options.handlers.event(event));
  }

  /** What is known of the log has changed: keep it, show it, and go on with what is still missing. */
  private progressed(): void {
    this.keep();
    if (!this.welcomed) return;
    this.become({ kind: this.store.pending.kind === 'nothing' ? 'live' : 'catching-up' });
    this.guardAsync(this.catchUp.run());
  }

  private closed(code: number): void {
    const greeted = this.welcomed;
    this.drop();
    if (!this.running) return;
    const verdict = closeVerdict(code);
    switch (verdict.kind) {
      case 'retry':
        this.retryLater();
        break;
      case 'authenticate':
        if (!this.greeter.refused(greeted)) this.halt('signed-out');
        else this.retryLater();
        break;
      case 'stop':
        this.halt(verdict.reason);
        break;
    }
  }

  private retryLater(): void {
    const attempt = this.attempt++;
    const jitter = backoffMs(this.platform, attempt, clientLimits.reconnectBaseMs, clientLimits.reconnectCapMs);
    const delayMs = this.retryAfterMs + jitter;
    this.retryAfterMs = 0;
    this.become({ kind: 'reconnecting', attempt });
    this.after('reconnect', delayMs, () => this.guardAsync(this.connect()));
  }

  private halt(reason: StopReason): void {
    if (!this.running) return;
    this.running = false;
    this.release?.();
    this.round++;
    this.acknowledger.flush();
    this.drop();
    this.cancel('reconnect');
    this.catchUp.stop();
    this.become({ kind: 'stopped', reason });
  }

  /** Lets go of the connection, if there is one. */
  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    this.welcomed = false;
    for (const name of ['drain', 'stable', 'silence'] as const) this.cancel(name);
    this.acknowledger.drop();
    this.watches.detach();
    this.operations.abandon();
    this.keep();
    socket?.abandon();
  }

  /** Browsers do not show pings: a connection that is silent for long must answer a question. */
  private listen(): void {
    const silentMs = this.platform.now() - (this.socket?.heardMs ?? 0);
    if (silentMs >= clientLimits.silenceMs) this.probe();
    this.after('silence', clientLimits.silenceMs, () => this.listen());
  }

  private probe(): void {
    const socket = this.socket;
    const asked = this.call('account.me', {}, { timeoutMs: clientLimits.probeTimeoutMs });
    asked.catch((error: unknown) => {
      // Any answer is a sign of life; only silence is not.
      if (asProblem(error).code === 'timeout' && asProblem(error).status === 0) socket?.end(GIVEN_UP);
    });
  }

  private keep(): void {
    this.options.storage?.write(this.store.save());
  }

  private become(status: LiveStatus): void {
    if (status.kind === this.current.kind && status.kind !== 'reconnecting') return;
    this.current = status;
    this.guard(() => this.options.handlers.status?.(status));
  }

  private after(name: TimerName, delayMs: number, task: () => void): void {
    this.cancel(name);
    const timer = this.platform.after(delayMs, () => {
      this.timers.delete(name);
      task();
    });
    this.timers.set(name, timer);
  }

  private cancel(name: TimerName): void {
    this.timers.get(name)?.cancel();
    this.timers.delete(name);
  }

  /** An application's mistake must not end the stream; it is not swallowed either. */
  private guard(task: () => void): void {
    try {
      task();
    } catch (error) {
      this.report(error);
    }
  }

  private guardAsync(task: Promise<void>): void {
    task.catch((error: unknown) => this.report(error));
  }

  private report(error: unknown): void {
    const { handlers } = this.options;
    if (handlers.failed !== undefined) handlers.failed(error);
    else
      queueMicrotask(() => {
        throw error;
      });
  }
}
