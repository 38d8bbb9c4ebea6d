/**
 * A phone on the stock `socket.io-client`, over one transport only. What the protocol asks of an application (acknowledge
 * by the callback, catch up, drop doubles) is a few lines here; which events are news is decided by the SDK's `EventStore`.
 */
import { io, type Socket } from 'socket.io-client';
import { EventStore } from '../../sdk/event-store.ts';
import type { EventsMessage, FeedPage, SyncPage, WelcomeMessage, WireEvent } from '../../sdk/wire.ts';
import { waitFor } from '../support/wait-for.ts';
import type { Account, ForeignPhone, ShownEvent } from './foreign-phone.ts';

type Answer = { readonly ok: true; readonly result: unknown } | { readonly ok: false; readonly error: unknown };

const RECONNECT_MS_MAX = 2_000;
const OPERATION_TIMEOUT_MS = 10_000;

export class SocketIoPhone implements ForeignPhone {
  readonly shown: ShownEvent[] = [];
  readonly modes: string[] = [];
  private readonly account: Account;
  private readonly transport: 'polling' | 'websocket';
  private readonly device = `phone-${Math.random().toString(36).slice(2)}`;
  private store = new EventStore();
  private kept: string | null = null;
  private ticket: string | null = null;
  private socket: Socket | null = null;
  private welcomed = false;
  private catchingUp = false;

  constructor(account: Account, transport: 'polling' | 'websocket') {
    this.account = account;
    this.transport = transport;
  }

  async start(): Promise<void> {
    this.store = new EventStore();
    if (this.kept !== null) this.store.restore(this.kept);
    const socket = io(this.account.url, {
      transports: [this.transport],
      forceNew: true,
      reconnectionDelay: 100,
      reconnectionDelayMax: RECONNECT_MS_MAX,
      randomizationFactor: 1,
      auth: (give) => {
        const proof = this.ticket === null ? { token: this.account.accessToken } : { ticket: this.ticket };
        const resume = this.store.resumePoint;
        give({ device: this.device, ...proof, ...(resume === null ? {} : { resume }) });
      },
    });
    this.socket = socket;
    socket.on('disconnect', () => {
      this.welcomed = false;
    });
    socket.on('welcome', (message: WelcomeMessage) => {
      this.modes.push(message.mode);
      this.ticket = message.ticket;
      this.store.welcome(message, Date.now());
      this.welcomed = true;
      this.changed(socket);
    });
    socket.on('events', (message: EventsMessage, done: () => void) => {
      this.show(this.store.events(message, Date.now()));
      this.changed(socket);
      done();
    });
    socket.on('behind', (message: WelcomeMessage) => {
      this.store.behind(message, Date.now());
      this.changed(socket);
    });
    socket.on('reset', (message: { reason: string }) => {
      this.store.reset(message.reason);
      this.changed(socket);
    });
    socket.on('ticket', (message: { ticket: string }) => {
      this.ticket = message.ticket;
    });
    await waitFor('welcome', () => this.welcomed);
  }

  async kill(): Promise<void> {
    const { socket } = this;
    this.socket = null;
    this.welcomed = false;
    socket?.removeAllListeners();
    // Without a goodbye: the transport is closed under it.
    socket?.io.reconnection(false);
    socket?.io.engine.close();
  }

  discard(): Promise<void> {
    return this.kill();
  }

  async perform(operation: string, params: unknown): Promise<unknown> {
    const socket = await waitFor('a connection', () => (this.welcomed ? this.socket : null));
    return this.call(socket, operation, params);
  }

  stored(eventId: string): boolean {
    return this.kept !== null && this.kept.includes(JSON.stringify(eventId)) && this.store.pending.kind === 'nothing';
  }

  private show(events: readonly WireEvent[]): void {
    this.shown.push(...(events as unknown as readonly ShownEvent[]));
  }

  /** Stores what is known, and begins to pull what is missing. */
  private changed(socket: Socket): void {
    this.kept = this.store.save();
    if (this.catchingUp || this.store.pending.kind === 'nothing') return;
    this.catchingUp = true;
    this.catchUp(socket)
      // The connection went away: the next welcome begins again.
      .catch(() => {})
      .finally(() => {
        this.catchingUp = false;
        this.kept = this.store.save();
        if (this.welcomed && this.socket !== null) this.changed(this.socket);
      });
  }

  private async catchUp(socket: Socket): Promise<void> {
    while (this.store.pending.kind !== 'nothing') {
      const { pending } = this.store;
      if (pending.kind === 'reload') {
        const feed = (await this.call(socket, 'feed.read', {})) as FeedPage;
        if (this.store.pending === pending) this.show(this.store.reloaded(feed, Date.now()));
      } else {
        const page = (await this.call(socket, 'sync', { cursor: this.store.cursor })) as SyncPage;
        this.show(this.store.syncPage(page, pending, Date.now()));
      }
    }
  }

  private async call(socket: Socket, operation: string, params: unknown): Promise<unknown> {
    const answer = (await socket.timeout(OPERATION_TIMEOUT_MS).emitWithAck('op', { op: operation, params })) as Answer;
    if (!answer.ok) throw new Error(`${operation}: ${JSON.stringify(answer.error)}`);
    return answer.result;
  }
}
