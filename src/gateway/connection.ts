/**
 * One connection's side of the protocol (docs/protocol.md), whatever carries it.
 *
 *   awaiting-hello ──hello──► opening ──attached──► open ──► closed        (every state may go to closed)
 *                        └──── actor resident ──────▲
 *
 * While this node may not know of every revocation, `opening` begins with the question whether the session is active.
 *
 * After every await the phase is looked at again: the socket may have gone meanwhile. There are 18,000 of these in a
 * process: no timers, no closures and no collections of their own while nothing happens.
 */
import { assertNever } from '../assert-never.ts';
import type {
  Attached,
  AttachRequest,
  EventBatch,
  LinkOutcome,
  SessionLink,
  SessionNotice,
} from '../actors/live/session.ts';
import type { ErrorCode } from '../errors.ts';
import { asProblem, isPassing, Problem } from '../errors.ts';
import type { SessionId } from '../ids.ts';
import type { ConnectionContext, Wire } from './connection-context.ts';
import type { TrackedConnection } from './connections.ts';
import { type Greeting, greetingOf } from './greeting.ts';
import { type Identity, ticketFor } from './held-ticket.ts';
import type { ClientMessage, ProblemDocument } from './protocol/messages.ts';
import { isBeyondRetention } from './protocol/cursor-age.ts';
import type { Hello, OperationMessage } from './protocol/parse.ts';
import { problemDocument } from './problem-document.ts';
import { recheckGrants, unwatchAll, unwatchTopics, watchTopics } from './watching.ts';
import type { LiveMessage } from './topic-hub.ts';

export interface OpenPhase extends Identity {
  readonly kind: 'open';
  /** Of the session in `LiveSessions`. */
  readonly index: number;
  /** Monotonic, in whole milliseconds: a fraction would cost an object of its own. */
  ticketDueAt: number;
  operationsInFlight: number;
  /** Null until something is watched. */
  watching: Watching | null;
}

export interface Watching {
  readonly topics: Set<string>;
  /** When the permissions are looked up again; monotonic. */
  recheckAt: number;
}

export type Phase =
  | { readonly kind: 'awaiting-hello'; readonly deadline: number }
  | ({ readonly kind: 'opening'; readonly deadline: number } & Identity)
  | OpenPhase
  | { readonly kind: 'closed' };

export type OperationReply = { ok: true; result: unknown } | { ok: false; error: ProblemDocument };

const CLOSED: Phase = { kind: 'closed' };

export class Connection<Socket> implements SessionLink, TrackedConnection {
  // What a flush needs stands first, and so mostly in one line of the processor's cache, which is cold for each of thousands.
  /** Until the connection is open nothing of the live room's is sent; `congested`: nothing that may be lost. */
  private channel: 'shut' | 'clear' | 'congested' = 'shut';
  private socket: Socket | null = null;
  private readonly wire: Wire<Socket>;
  place = -1;
  private readonly context: ConnectionContext;
  /** As a proxy gave it; null: the socket's own. */
  private readonly forwardedAddress: string | null;
  private phase: Phase;
  private inbound = 0;

  constructor(context: ConnectionContext, wire: Wire<Socket>, forwardedAddress: string | null) {
    this.context = context;
    this.wire = wire;
    this.forwardedAddress = forwardedAddress;
    this.phase = {
      kind: 'awaiting-hello',
      deadline: context.clock.monotonic() + context.limits.helloDeadlineMs,
    };
  }

  /** The transport has accepted the connection. */
  bind(socket: Socket): void {
    this.socket = socket;
    this.context.connections.add(this);
  }

  get isHalfOpen(): boolean {
    return this.phase.kind === 'awaiting-hello' || this.phase.kind === 'opening';
  }

  get sessionId(): SessionId | null {
    return this.phase.kind === 'open' || this.phase.kind === 'opening' ? this.phase.sessionId : null;
  }

  // What the client says

  /** Counts every message: more than `inboundMessagesPerSecond` between two sweeps is an attack or a loop. */
  meter(): boolean {
    if (++this.inbound <= this.context.limits.inboundMessagesPerSecond) return true;
    this.close('rate-limited');
    return false;
  }

  handle(message: ClientMessage): void {
    if (message.t === 'hello') {
      this.hello(message);
      return;
    }
    if (this.phase.kind !== 'open') {
      if (this.phase.kind !== 'closed') this.close('protocol-error');
      return;
    }
    switch (message.t) {
      case 'ack':
        this.acknowledge(message.seq);
        return;
      case 'op':
        this.operate(message, (reply) => this.sendOrClose({ t: 'result', id: message.id, ...reply }));
        return;
      case 'watch':
        watchTopics(this.context, this, message.topics);
        return;
      case 'unwatch':
        unwatchTopics(this.context, this, message.topics);
        return;
      case 'auth':
        this.authenticateAgain(message.token);
        return;
      default:
        assertNever(message);
    }
  }

  hello(hello: Hello): void {
    if (this.phase.kind !== 'awaiting-hello') {
      this.close('protocol-error');
      return;
    }
    try {
      this.admit(greetingOf(this.context.authenticator, hello));
    } catch (error) {
      this.close(asProblem(error).code);
    }
  }

  /** Attaches an identified client: at once if its actor is resident, else after the activation. */
  admit(greeting: Greeting): void {
    if (this.phase.kind !== 'awaiting-hello') return;
    const { authenticator } = this.context;
    if (authenticator.fresh && this.attachAtOnce(greeting)) return;
    const { userId, sessionId, device } = greeting;
    const opening: Phase = { kind: 'opening', deadline: this.phase.deadline, userId, sessionId, device };
    this.phase = opening;
    if (authenticator.fresh) {
      this.attach(greeting, opening);
      return;
    }
    authenticator
      .confirm(sessionId)
      .then(() => {
        if (this.phase === opening && !this.attachAtOnce(greeting)) this.attach(greeting, opening);
      })
      .catch((error: unknown) => {
        if (this.phase === opening) this.close(asProblem(error).code);
      });
  }

  /** False if the actor is not resident. */
  private attachAtOnce(greeting: Greeting): boolean {
    const attached = this.context.sessions.attachResident(this.requestOf(greeting), this);
    if (attached !== null) this.open(greeting, attached);
    return attached !== null;
  }

  private attach(greeting: Greeting, opening: Phase): void {
    const { sessions } = this.context;
    sessions.attach(this.requestOf(greeting), this).then(
      (attached) => {
        if (this.phase === opening) this.open(greeting, attached);
        else sessions.detach(attached.index);
      },
      (error: unknown) => {
        if (this.phase === opening) this.close(asProblem(error).code);
      },
    );
  }

  private requestOf({ userId, sessionId, device, resume, readsDeflated }: Greeting): AttachRequest {
    return { userId, sessionId, device, resume, readsDeflated: readsDeflated && this.wire.sendsDeflated };
  }

  acknowledge(seq: number): void {
    if (this.phase.kind !== 'open') return;
    if (!this.context.sessions.acknowledge(this.phase.index, seq)) this.close('protocol-error');
  }

  operate(call: Omit<OperationMessage, 'id'>, reply: (reply: OperationReply) => void): void {
    const phase = this.phase;
    if (phase.kind !== 'open') return;
    const { operations, limits, runner, requestIds } = this.context;
    const refuse = (problem: Problem) => reply({ ok: false, error: problemDocument(problem) });
    const operation = operations.get(call.op);
    if (operation === undefined) {
      refuse(new Problem('not-found', { detail: 'There is no such operation.' }));
      return;
    }
    if (phase.operationsInFlight >= limits.operationsInFlightPerSession) {
      refuse(
        new Problem('overloaded', { detail: 'Too many operations at once; wait for results.', retryAfterMs: 100 }),
      );
      return;
    }
    phase.operationsInFlight++;
    const requestId = requestIds.next();
    const input = call.params ?? {};
    const { clientAddress } = this;
    const idempotencyKey = call.key ?? null;
    void runner.run({ operation, input, viewer: phase, idempotencyKey, clientAddress, requestId }).then((outcome) => {
      phase.operationsInFlight--;
      if (this.phase !== phase) return;
      if (outcome.ok) reply({ ok: true, result: outcome.output });
      else reply({ ok: false, error: problemDocument(outcome.problem, requestId) });
    });
  }

  private authenticateAgain(token: string): void {
    const phase = this.phase;
    if (phase.kind !== 'open') return;
    const { authenticator } = this.context;
    const refuse = (error: unknown) => {
      if (this.phase !== phase) return;
      // The session could not be asked about: the connection is as good as it was, and has no newer ticket.
      if (isPassing(error)) this.send({ t: 'error', error: problemDocument(asProblem(error)) });
      else this.close(asProblem(error).code);
    };
    try {
      const { userId, sessionId } = authenticator.accessToken(token);
      if (userId !== phase.userId) throw new Problem('forbidden');
      if (authenticator.fresh) {
        this.renewTicket(phase);
        return;
      }
      authenticator
        .confirm(sessionId)
        .then(() => {
          if (this.phase === phase) this.renewTicket(phase);
        })
        .catch(refuse);
    } catch (error) {
      refuse(error);
    }
  }

  // What the live room says

  sendEvents(batch: EventBatch): LinkOutcome {
    if (this.channel === 'shut' || this.socket === null) return 'dropped';
    return this.noted(this.wire.sendEvents(this.socket, batch));
  }

  notify(notice: SessionNotice): LinkOutcome {
    if (this.channel !== 'clear' || this.socket === null) return 'dropped';
    const { kind, ...fields } = notice;
    return this.noted(this.wire.send(this.socket, { t: kind, ...fields } as Parameters<Wire<Socket>['send']>[1]));
  }

  /** Also for the gateway itself. The transport calls `ended` in the course of it. */
  close(code: ErrorCode): void {
    const { socket } = this;
    if (this.phase.kind === 'closed' || socket === null) return;
    this.context.metrics.closed.add();
    this.wire.close(socket, code);
  }

  // What the transport says

  drained(): void {
    if (this.channel !== 'congested') return;
    this.channel = 'clear';
    if (this.phase.kind === 'open') this.context.sessions.writable(this.phase.index);
  }

  /** The socket is gone and must not be touched any more. */
  ended(): void {
    const phase = this.phase;
    if (phase.kind === 'closed') return;
    const wasHalfOpen = this.isHalfOpen;
    this.phase = CLOSED;
    this.channel = 'shut';
    this.socket = null;
    this.context.connections.remove(this, wasHalfOpen);
    if (phase.kind !== 'open') return;
    unwatchAll(this.context, this, phase);
    this.context.sessions.detach(phase.index);
  }

  // What the clock says

  sweep(now: number): void {
    this.inbound = 0;
    const phase = this.phase;
    switch (phase.kind) {
      case 'awaiting-hello':
        if (now >= phase.deadline) this.close('hello-timeout');
        return;
      case 'opening':
        if (now >= phase.deadline + this.context.limits.commandTimeoutMs) this.close('unavailable');
        return;
      case 'open':
        if (now >= phase.ticketDueAt) this.renewTicket(phase);
        if (phase.watching !== null && now >= phase.watching.recheckAt) void recheckGrants(this.context, this, phase);
        return;
      case 'closed':
        return;
      default:
        assertNever(phase);
    }
  }

  announceDrain(afterMs: number): void {
    if (this.phase.kind === 'open') this.send({ t: 'drain', afterMs });
  }

  live(message: LiveMessage): void {
    if (this.channel === 'clear') this.send(message);
  }

  /** The open phase, if it still is the one that was seen before an await. */
  openPhase(): OpenPhase | null {
    return this.phase.kind === 'open' ? this.phase : null;
  }

  /** For messages that may be lost. */
  send(message: Parameters<Wire<Socket>['send']>[1]): LinkOutcome {
    return this.socket === null ? 'dropped' : this.noted(this.wire.send(this.socket, message));
  }

  /** For messages that must not be lost silently: a client that cannot take them starts over. */
  private sendOrClose(message: Parameters<Wire<Socket>['send']>[1]): void {
    if (this.send(message) === 'dropped') this.close('too-slow');
  }

  private open(greeting: Greeting, attached: Attached): void {
    const { clock, connections, limits, sessions } = this.context;
    const { userId, sessionId, device, resume } = greeting;
    const { index, mode, epoch, seq, cursor, state } = attached;
    const { ticket, dueAt } = ticketFor(this.context, greeting);
    this.phase = {
      kind: 'open',
      userId,
      sessionId,
      device,
      index,
      ticketDueAt: dueAt,
      operationsInFlight: 0,
      watching: null,
    };
    this.channel = 'clear';
    connections.opened();
    const beyond =
      mode === 'behind' && resume !== null && isBeyondRetention(resume.cursor, clock.now(), limits.inboxRetentionMs);
    this.sendOrClose({
      t: 'welcome',
      user: userId,
      session: sessionId,
      epoch,
      seq,
      cursor,
      mode: beyond ? 'reset' : mode,
      state,
      ticket,
      pingMs: limits.idleTimeoutSeconds * 1000,
    });
    // What was missed leaves with the welcome, in one write, where the transport has not sent that yet.
    if (mode === 'resumed' && this.channel === 'clear') sessions.catchUp(index);
  }

  private renewTicket(phase: OpenPhase): void {
    const ticket = this.context.authenticator.issueTicket(phase.userId, phase.sessionId, phase.device);
    if (this.send({ t: 'ticket', ticket }) === 'dropped') return;
    phase.ticketDueAt = Math.ceil(this.context.clock.monotonic() + this.context.limits.ticketLifetimeMs / 2);
  }

  private noted(outcome: LinkOutcome): LinkOutcome {
    if (outcome !== 'sent' && this.channel === 'clear') this.channel = 'congested';
    return outcome;
  }

  private get clientAddress(): string {
    return this.forwardedAddress ?? (this.socket === null ? '' : this.wire.addressOf(this.socket));
  }
}
