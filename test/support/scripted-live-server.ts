/**
 * A model of the server's side of the live protocol for one user: a log with a short ring, an inbox to catch up from, and
 * every misfortune a real network and a real server have. Single-threaded, no time of its own.
 */
import type { ClientMessage, EventsMessage, ResumePoint, SyncPage, WireEvent } from '../../sdk/wire.ts';
import type { VirtualSocket } from './virtual-platform.ts';

export interface ModelOptions {
  readonly ringEvents?: number;
  readonly pageEvents?: number;
  /** How far back of the newest row a cursor points: readers re-read so much. */
  readonly overlapEvents?: number;
  /** Whether events are compressed for those who can read that. Default `never`. */
  readonly deflates?: 'never' | 'always' | 'by chance';
  readonly random?: () => number;
}

type Hello = Omit<Extract<ClientMessage, { readonly t: 'hello' }>, 't'>;

export class ScriptedLiveServer {
  private readonly ringEvents: number;
  private readonly pageEvents: number;
  private readonly overlapEvents: number;
  private readonly deflates: NonNullable<ModelOptions['deflates']>;
  private readonly random: () => number;
  private epoch = 'e1';
  private epochs = 1;
  private seq = 0;
  private ring: WireEvent[] = [];
  /** May hold an event twice: a rerun appends again. */
  private readonly inbox: WireEvent[] = [];
  private retainedFrom = 0;
  private readonly sockets = new Set<VirtualSocket>();
  /** Per connection: the last sequence number that was sent. */
  private readonly cursors = new Map<VirtualSocket, number>();
  private readonly inflaters = new WeakSet<VirtualSocket>();
  private tickets = 0;
  private putAtHead = 0;
  readonly welcomes: string[] = [];
  readonly acknowledged: number[] = [];
  syncs = 0;
  failNextSyncs = 0;
  /** Operations that stay unanswered until `answer`. */
  hold = false;
  private readonly held: (() => void)[] = [];
  acceptTicket: (ticket: string) => boolean = () => true;
  acceptToken: (token: string) => boolean = () => true;

  constructor(options: ModelOptions = {}) {
    this.ringEvents = options.ringEvents ?? 8;
    this.pageEvents = options.pageEvents ?? 5;
    this.overlapEvents = options.overlapEvents ?? 4;
    this.deflates = options.deflates ?? 'never';
    this.random = options.random ?? (() => 0.5);
  }

  /** For `VirtualPlatform.onSocket`. */
  readonly connect = (socket: VirtualSocket): void => {
    socket.onSent = (message) => this.receive(socket, message);
    queueMicrotask(() => {
      socket.accept();
      const { offer } = socket;
      if (offer !== null) this.hello(socket, { ...offer, resume: offer });
    });
  };

  get connections(): number {
    return this.sockets.size;
  }

  // What happens

  /** Durable first, then live; the frame is sent by `flush`. */
  append(event: WireEvent): void {
    this.inbox.push(event);
    this.appendLive(event);
  }

  /** The live copy comes before (or without) the row of the inbox, as for public posts. */
  appendLive(event: WireEvent): void {
    this.seq++;
    this.ring.push(event);
    if (this.ring.length > this.ringEvents) this.ring.shift();
  }

  appendDurable(event: WireEvent): void {
    this.inbox.push(event);
  }

  /**
   * As fan-out does it: live at once, durable a moment later. Whoever was put at the head of the log in between may have
   * caught up before the rows stood there, so the live copies come again.
   */
  appendLiveFirst(events: readonly WireEvent[]): void {
    const { putAtHead } = this;
    for (const event of events) this.appendLive(event);
    this.flush();
    for (const event of events) this.appendDurable(event);
    if (this.putAtHead === putAtHead) return;
    for (const event of events) {
      this.appendLive(event);
      this.flush();
    }
  }

  /** What vanished from the ring keeps its number. */
  blank(): void {
    const last = this.ring.length - 1;
    if (last >= 0) this.ring[last] = nop(this.seq);
  }

  /** Sends everybody what they lack; `behind` to those whose cursor fell off the ring. */
  flush(): void {
    for (const socket of this.sockets) {
      const sent = this.cursors.get(socket) ?? 0;
      if (sent >= this.seq) continue;
      const first = this.seq - this.ring.length + 1;
      if (sent + 1 < first) {
        this.cursors.set(socket, this.seq);
        this.putAtHead++;
        socket.push({ t: 'behind', epoch: this.epoch, seq: this.seq, cursor: this.cursor() });
        continue;
      }
      this.cursors.set(socket, this.seq);
      const events = this.ring.slice(sent + 1 - first);
      this.send(socket, { t: 'events', epoch: this.epoch, seq: sent + 1, cursor: this.cursor(), events });
    }
  }

  /** A frame that gets lost on the way: what no transport should do, and a client should notice. */
  loseFrame(): void {
    for (const socket of this.sockets) this.cursors.set(socket, this.seq);
  }

  /** Sends the last events once more. */
  repeatFrame(): void {
    const events = this.ring.slice(-2);
    if (events.length === 0) return;
    const frame = { epoch: this.epoch, seq: this.seq - events.length + 1, cursor: this.cursor(), events };
    for (const socket of this.sockets) {
      if (this.cursors.get(socket) === this.seq) this.send(socket, { t: 'events', ...frame });
    }
  }

  cut(code?: number): void {
    for (const socket of this.sockets) socket.cut(code);
    this.sockets.clear();
    this.cursors.clear();
  }

  /** A new activation: another epoch, an empty ring, numbers from anywhere. */
  restart(): void {
    this.cut();
    this.epoch = `e${++this.epochs}`;
    this.seq = this.epochs * 3;
    this.ring = [];
  }

  /** The actor moved while the connection stayed. */
  moveActor(): void {
    this.epoch = `e${++this.epochs}`;
    this.seq = this.epochs * 2;
    this.ring = [];
    for (const socket of this.sockets) {
      this.cursors.set(socket, this.seq);
      socket.push({ t: 'behind', epoch: this.epoch, seq: this.seq, cursor: this.cursor() });
    }
  }

  /** Older rows than the newest `kept` have expired. */
  expire(kept: number): void {
    this.retainedFrom = Math.max(0, this.inbox.length - kept);
  }

  announceReset(reason: string): void {
    for (const socket of this.sockets) socket.push({ t: 'reset', reason });
  }

  announce(message: Parameters<VirtualSocket['push']>[0]): void {
    for (const socket of this.sockets) socket.push(message);
  }

  answer(): void {
    this.hold = false;
    for (const task of this.held.splice(0)) task();
  }

  get position(): ResumePoint {
    return { epoch: this.epoch, seq: this.seq, cursor: this.cursor() };
  }

  // What the client says

  private receive(socket: VirtualSocket, message: ClientMessage): void {
    if (message.t === 'hello') this.hello(socket, message);
    else if (message.t === 'ack') this.acknowledged.push(message.seq);
    else if (message.t === 'op') {
      const answer = (): void => this.operate(socket, message);
      if (this.hold) this.held.push(answer);
      else queueMicrotask(answer);
    }
  }

  private send(socket: VirtualSocket, message: EventsMessage): void {
    const { deflates } = this;
    const wanted = deflates === 'always' || (deflates === 'by chance' && this.random() < 0.5);
    if (wanted && this.inflaters.has(socket)) socket.pushDeflated(message);
    else socket.push(message);
  }

  private hello(socket: VirtualSocket, hello: Hello): void {
    const { ticket, token, resume = null } = hello;
    if ((ticket !== undefined && !this.acceptTicket(ticket)) || (token !== undefined && !this.acceptToken(token))) {
      socket.cut(4401);
      return;
    }
    if (hello.caps?.includes('deflate') === true) this.inflaters.add(socket);
    const first = this.seq - this.ring.length + 1;
    const resumed = resume !== null && resume.epoch === this.epoch && resume.seq <= this.seq && resume.seq + 1 >= first;
    const mode = resume === null ? 'fresh' : resumed ? 'resumed' : this.tooOld(resume.cursor) ? 'reset' : 'behind';
    const seq = resumed ? resume.seq : this.seq;
    this.welcomes.push(mode);
    this.sockets.add(socket);
    this.cursors.set(socket, seq);
    socket.push({
      t: 'welcome',
      user: 'u',
      session: 's',
      epoch: this.epoch,
      seq,
      cursor: this.cursor(),
      mode,
      state: { unreadNotifications: 0 },
      ticket: `ticket-${++this.tickets}`,
      pingMs: 120_000,
    });
  }

  private operate(socket: VirtualSocket, message: ClientMessage & { t: 'op' }): void {
    if (message.op !== 'sync') {
      socket.push({ t: 'result', id: message.id, ok: true, result: {} });
      return;
    }
    this.syncs++;
    if (this.failNextSyncs > 0) {
      this.failNextSyncs--;
      const error = { type: 'urn:x', title: 'x', status: 503, code: 'unavailable', detail: 'later', retryable: true };
      socket.push({ t: 'result', id: message.id, ok: false, error });
      return;
    }
    const { cursor } = message.params as { cursor: string };
    socket.push({ t: 'result', id: message.id, ok: true, result: this.sync(cursor) });
  }

  private sync(cursor: string): SyncPage {
    if (this.tooOld(cursor)) return { events: [], cursor, done: true, reset: 'retention' };
    const from = Number(cursor.slice(1));
    const until = Math.min(this.inbox.length, from + this.pageEvents);
    const done = until === this.inbox.length;
    const next = done ? Math.max(from, until - this.overlapEvents) : until;
    return {
      events: this.inbox.slice(from, until),
      cursor: `c${Math.max(next, this.retainedFrom)}`,
      done,
      reset: null,
    };
  }

  private tooOld(cursor: string): boolean {
    return Number(cursor.slice(1)) < this.retainedFrom;
  }

  /** What lies before it is known to whoever has the log up to its head. */
  private cursor(): string {
    return `c${Math.max(this.retainedFrom, this.inbox.length - this.overlapEvents)}`;
  }
}

export function postEvent(number: number): WireEvent {
  return { id: `post.new:${number}`, type: 'post.new', at: '2026-01-01T00:00:00.000Z', data: { id: String(number) } };
}

function nop(seq: number): WireEvent {
  return { id: `nop:${seq}`, type: 'nop', at: '2026-01-01T00:00:00.000Z', data: null };
}
