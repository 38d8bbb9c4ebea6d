/**
 * A phone on the native endpoint, written from docs/protocol.md: resumes, acknowledges, catches up by `sync`, puts live
 * events aside meanwhile, drops what it knows by id, and complains about every gap. What it applied, in order, is in
 * `applied`.
 */
import { inflateSync } from 'node:zlib';
import WebSocket from 'ws';
import type { Person, Position } from './api.ts';

export interface ReceivedEvent {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
}

/** What an operation came to. */
export interface Reply {
  readonly ok: boolean;
  readonly result?: unknown;
  readonly error?: { readonly code: string; readonly status: number; readonly retryable: boolean };
}

type Incoming =
  | ({ readonly t: 'welcome'; readonly mode: string; readonly ticket: string } & Position)
  | ({ readonly t: 'events'; readonly events: readonly ReceivedEvent[] } & Position)
  | ({ readonly t: 'behind' } & Position)
  | { readonly t: 'reset'; readonly reason: string }
  | { readonly t: 'state'; readonly state: { readonly unreadNotifications?: number } }
  | { readonly t: 'live'; readonly topic: string; readonly type: string; readonly data: unknown }
  | ({ readonly t: 'result'; readonly id: string } & Reply)
  | { readonly t: 'ticket' | 'drain' | 'error' };

export interface PhoneOptions {
  /** Puts the resume point into the upgrade request when there is one. */
  readonly resumeInUpgrade?: boolean;
  readonly device?: string;
  /** Says that it reads deflated events. Default true. */
  readonly readsDeflated?: boolean;
  /** Address to connect from, for tests with very many phones. */
  readonly localAddress?: string;
}

interface SyncPage {
  readonly events: readonly ReceivedEvent[];
  readonly cursor: string;
  readonly done: boolean;
  readonly reset: string | null;
}

/** More are not put aside: the phone would have to reload. */
const ASIDE_MAX = 4096;
/** An acknowledgement of every frame would be too many messages for the server when events come fast. */
const ACKNOWLEDGED_EVENTS = 32;
const ACKNOWLEDGED_AFTER_MS = 25;

export class Phone {
  /** Whose phone it is; set anew when its tokens are too old. */
  person: Person;
  readonly applied: ReceivedEvent[] = [];
  readonly modes: string[] = [];
  readonly complaints: string[] = [];
  /** Ephemeral news of what is watched. */
  readonly live: { readonly topic: string; readonly type: string }[] = [];
  /** When each event was applied. */
  readonly receivedAtMs = new Map<string, number>();
  /** Bytes of all frames of events, and how many of those frames were deflated. */
  eventBytes = 0;
  deflatedFrames = 0;
  resets = 0;
  behinds = 0;
  unread = 0;
  closeCode: number | null = null;
  private readonly options: PhoneOptions;
  private readonly known = new Set<string>();
  private position: Position | null = null;
  private ticket: string | null = null;
  private ticketOf: Person | null = null;
  private socket: WebSocket | null = null;
  private readonly replies = new Map<string, (reply: Reply) => void>();
  private operations = 0;
  private syncing: Promise<void> | null = null;
  /** A catch-up that was begun and not finished must be finished, whatever the next welcome says. */
  private unfinished = false;
  /** Counts gaps: a `sync` that was begun before the newest one does not fill it in. */
  private gaps = 0;
  /** Live events that came while something was missing. */
  private readonly aside = new Map<string, ReceivedEvent>();
  /** What is to be acknowledged on this connection. */
  private owed: { seq: number; events: number; readonly timer: NodeJS.Timeout } | null = null;

  constructor(person: Person, options: PhoneOptions = {}) {
    this.person = person;
    this.options = options;
  }

  /** Resolves after `welcome`; catching up, if needed, goes on behind it (see `settled`). */
  async connect(): Promise<void> {
    const url = `${this.person.url.replace(/^http/, 'ws')}/v1/live`;
    const inUpgrade = this.options.resumeInUpgrade === true && this.position !== null && this.ticket !== null;
    const protocols = inUpgrade ? ['shutterline.v1', `resume.${this.resumeToken()}`] : ['shutterline.v1'];
    const { localAddress } = this.options;
    const socket = new WebSocket(url, protocols, localAddress === undefined ? {} : { localAddress });
    this.socket = socket;
    this.dropOwed();
    this.closeCode = null;
    await new Promise<void>((resolve, reject) => {
      socket.on('open', () => {
        if (!inUpgrade) this.send(this.hello());
      });
      socket.on('message', (data, isBinary) => {
        const message = this.read(data as Buffer, isBinary);
        this.receive(socket, message);
        if (message.t === 'welcome') resolve();
      });
      socket.on('error', reject);
      socket.on('close', (code) => {
        if (this.socket === socket) this.closeCode = code;
        reject(new Error(`closed with ${code}`));
      });
    });
  }

  /** Cuts the connection without a word, as a lost network does. */
  cut(): void {
    const socket = this.socket;
    this.socket = null;
    this.dropOwed();
    socket?.on('error', () => {});
    socket?.terminate();
  }

  /** Stops reading: what the server sends fills the buffers on the way. */
  stall(): void {
    this.socket?.pause();
  }

  readOn(): void {
    this.socket?.resume();
  }

  get connected(): boolean {
    return this.socket?.readyState === WebSocket.OPEN;
  }

  /** Resolves when no catching up is under way. */
  async settled(): Promise<void> {
    while (this.syncing !== null) await this.syncing;
  }

  ids(type?: string): string[] {
    return this.applied.filter((event) => type === undefined || event.type === type).map((event) => event.id);
  }

  send(message: unknown): void {
    this.socket?.send(JSON.stringify(message));
  }

  /** Resolves to what the server answers; never, if the connection is lost before. */
  operate(op: string, params: unknown, key?: string): Promise<Reply> {
    const id = `op-${++this.operations}`;
    this.send({ t: 'op', id, op, params, ...(key === undefined ? {} : { key }) });
    return new Promise((resolve) => this.replies.set(id, resolve));
  }

  private hello(): unknown {
    const resume = this.position === null ? {} : { resume: this.position };
    const proof =
      this.ticket === null || this.ticketOf !== this.person
        ? { token: this.person.accessToken }
        : { ticket: this.ticket };
    return { t: 'hello', device: this.options.device ?? 'phone', ...proof, ...resume, ...this.caps };
  }

  private resumeToken(): string {
    const point = { ticket: this.ticket, device: this.options.device ?? 'phone', ...this.position, ...this.caps };
    return Buffer.from(JSON.stringify(point)).toString('base64url');
  }

  private get caps(): { readonly caps?: readonly string[] } {
    return this.options.readsDeflated === false ? {} : { caps: ['deflate'] };
  }

  private read(frame: Buffer, isBinary: boolean): Incoming {
    const lineFeed = isBinary ? frame.indexOf('\n') : frame.length;
    const message = JSON.parse(frame.toString('utf8', 0, lineFeed)) as Incoming;
    if (message.t !== 'events') return message;
    this.eventBytes += frame.length;
    if (!isBinary) return message;
    this.deflatedFrames++;
    const json = inflateSync(frame.subarray(lineFeed + 1)).toString();
    return { ...message, events: JSON.parse(json) as readonly ReceivedEvent[] };
  }

  private receive(socket: WebSocket, message: Incoming): void {
    switch (message.t) {
      case 'welcome':
        this.modes.push(message.mode);
        this.ticket = message.ticket;
        this.ticketOf = this.person;
        this.welcome(message);
        return;
      case 'events':
        this.events(message);
        if (this.socket === socket) this.owe(message.seq + message.events.length - 1, message.events.length);
        return;
      case 'behind':
        this.behinds++;
        // The numbering jumps: what was owed is not to be said any more.
        this.dropOwed();
        this.startSync(message);
        return;
      case 'reset':
        this.resets++;
        return;
      case 'live':
        this.live.push(message);
        return;
      case 'result':
        this.replies.get(message.id)?.(message);
        this.replies.delete(message.id);
        return;
      case 'state':
        this.unread = message.state.unreadNotifications ?? this.unread;
        return;
      default:
        return;
    }
  }

  private welcome(message: Position & { readonly mode: string }): void {
    if (message.mode === 'behind') {
      this.startSync(message);
    } else if (message.mode === 'reset') {
      this.resets++;
      this.position = pointOf(message);
    } else if (message.mode === 'resumed') {
      if (message.seq !== this.position?.seq)
        this.complaints.push(`resumed at ${message.seq}, not at ${this.position?.seq}`);
      if (this.unfinished) this.startSync(message);
    } else {
      this.position = pointOf(message);
    }
  }

  private events(message: Position & { readonly events: readonly ReceivedEvent[] }): void {
    const position = this.position;
    if (position === null || message.epoch !== position.epoch || message.seq !== position.seq + 1) {
      this.complaints.push(`gap: ${JSON.stringify(position)} then ${message.epoch}/${message.seq}`);
    }
    for (const event of message.events) {
      if (this.unfinished) this.putAside(event);
      else this.apply(event);
    }
    const last = message.seq + message.events.length - 1;
    // While a catch-up runs, only its end may move the cursor: what lies before it is not all known yet.
    const cursor = this.unfinished ? (position?.cursor ?? message.cursor) : message.cursor;
    this.position = { epoch: message.epoch, seq: last, cursor };
  }

  private owe(seq: number, events: number): void {
    this.owed ??= { seq, events: 0, timer: setTimeout(() => this.acknowledge(), ACKNOWLEDGED_AFTER_MS) };
    this.owed.seq = seq;
    this.owed.events += events;
    if (this.owed.events >= ACKNOWLEDGED_EVENTS) this.acknowledge();
  }

  private acknowledge(): void {
    const seq = this.owed?.seq;
    this.dropOwed();
    if (seq !== undefined && this.connected) this.send({ t: 'ack', seq });
  }

  private dropOwed(): void {
    clearTimeout(this.owed?.timer);
    this.owed = null;
  }

  private putAside(event: ReceivedEvent): void {
    if (!this.aside.has(event.id)) this.aside.set(event.id, event);
    if (this.aside.size <= ASIDE_MAX) return;
    this.aside.clear();
    this.resets++;
  }

  private apply(event: ReceivedEvent): void {
    if (event.type === 'nop' || this.known.has(event.id)) return;
    this.known.add(event.id);
    this.receivedAtMs.set(event.id, Date.now());
    this.applied.push(event);
  }

  /** The log goes on at `at`; what was missed comes by `sync` from our own, older cursor. */
  private startSync(at: Position): void {
    const from = this.position?.cursor ?? at.cursor;
    this.position = { epoch: at.epoch, seq: at.seq, cursor: from };
    this.unfinished = true;
    const gap = ++this.gaps;
    const earlier = this.syncing ?? Promise.resolve();
    const run: Promise<void> = earlier
      .then(() => this.sync(from, gap))
      .catch((error: unknown) => {
        // The connection or the server went away: the cursor has not moved, so the next connection starts over.
        // A request may notice that before the connection does: `fetch` then rejects with a TypeError.
        if (this.connected && !(error instanceof TypeError)) this.complaints.push(`sync failed: ${String(error)}`);
      })
      .finally(() => {
        if (this.syncing === run) this.syncing = null;
      });
    this.syncing = run;
  }

  private async sync(from: string, gap: number): Promise<void> {
    let cursor = from;
    for (;;) {
      const page = await this.syncPage(cursor);
      if (page.reset !== null) {
        this.resets++;
        this.unfinished = false;
        this.aside.clear();
        return;
      }
      for (const event of page.events) this.apply(event);
      cursor = page.cursor;
      if (page.done) break;
    }
    if (gap !== this.gaps) return;
    this.unfinished = false;
    if (this.position !== null) this.position = { ...this.position, cursor };
    for (const event of this.aside.values()) this.apply(event);
    this.aside.clear();
  }

  /** What is refused as retryable is asked for again, as long as the connection lasts. */
  private async syncPage(cursor: string): Promise<SyncPage> {
    const socket = this.socket;
    for (;;) {
      const answer = await this.person.call<SyncPage>('GET', `/v1/sync?cursor=${encodeURIComponent(cursor)}`);
      if (answer.status === 200) return answer.body;
      const isRetryable = (answer.body as unknown as { readonly retryable?: boolean }).retryable === true;
      if (!isRetryable || !this.connected || this.socket !== socket) {
        throw new Error(`sync answered ${answer.status}: ${JSON.stringify(answer.body)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

function pointOf(message: Position): Position {
  return { epoch: message.epoch, seq: message.seq, cursor: message.cursor };
}
