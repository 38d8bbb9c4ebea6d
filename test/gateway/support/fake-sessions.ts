/** A live room in miniature: logs that never wrap, no flow control, events sent at once. Enough to watch the gateway by. */
import { deflateSync } from 'node:zlib';
import {
  type Attached,
  type AttachRequest,
  EPOCH_LENGTH,
  type LiveSessions,
  type LinkOutcome,
  type SessionLink,
  type SessionState,
} from '../../../src/actors/live/session.ts';
import { Problem } from '../../../src/errors.ts';
import { batchOf } from '../../support/live.ts';

interface FakeLog {
  readonly epoch: string;
  readonly events: { id: string; type: string; at: string; data: unknown }[];
}

interface FakeSession {
  readonly request: AttachRequest;
  readonly link: SessionLink;
  sentSeq: number;
  ackedSeq: number;
}

export class FakeSessions implements LiveSessions {
  readonly sessions: (FakeSession | null)[] = [];
  readonly resident = new Set<string>();
  readonly outcomes: LinkOutcome[] = [];
  readonly attached: ('resident' | 'activated')[] = [];
  readonly detached: number[] = [];
  readonly writableCalls: number[] = [];
  state: SessionState = { unreadNotifications: 2 };
  /** While set, activations wait for it. */
  activation: Promise<void> | null = null;
  activating = 0;
  refuseWith: 'overloaded' | 'unavailable' | null = null;
  private readonly logs = new Map<string, FakeLog>();

  log(userId: string): FakeLog {
    const known = this.logs.get(userId) ?? { epoch: `epoch-${userId}`.padEnd(EPOCH_LENGTH, '0'), events: [] };
    this.logs.set(userId, known);
    return known;
  }

  get count(): number {
    return this.sessions.filter((session) => session !== null).length;
  }

  attachResident(request: AttachRequest, link: SessionLink): Attached | null {
    if (!this.resident.has(request.userId)) return null;
    this.attached.push('resident');
    return this.install(request, link);
  }

  async attach(request: AttachRequest, link: SessionLink): Promise<Attached> {
    this.activating++;
    if (this.activation !== null) await this.activation;
    if (this.refuseWith !== null) throw new Problem(this.refuseWith);
    this.attached.push('activated');
    return this.install(request, link);
  }

  private install(request: AttachRequest, link: SessionLink): Attached {
    const log = this.log(request.userId);
    const { resume } = request;
    const resumed = resume !== null && resume.epoch === log.epoch && resume.seq <= log.events.length;
    const seq = resumed ? resume.seq : log.events.length;
    const index = this.sessions.push({ request, link, sentSeq: seq, ackedSeq: seq }) - 1;
    setImmediate(() => this.flush());
    return {
      index,
      mode: resumed ? 'resumed' : resume === null ? 'fresh' : 'behind',
      epoch: log.epoch,
      seq,
      cursor: 'cursor-0',
      state: this.state,
    };
  }

  /** The actor was passivated and activated again: an empty log of another epoch. */
  reactivate(userId: string): void {
    this.logs.set(userId, { epoch: `again-${userId}`.padEnd(EPOCH_LENGTH, '0'), events: [] });
  }

  append(userId: string, ...data: unknown[]): void {
    const log = this.log(userId);
    for (const each of data) {
      const id = `post.new:${log.events.length + 1}`;
      log.events.push({ id, type: 'post.new', at: '2026-01-01T00:00:00.000Z', data: each });
    }
    this.flush();
  }

  flush(): void {
    for (const session of this.sessions) {
      if (session === null) continue;
      const log = this.log(session.request.userId);
      const events = log.events.slice(session.sentSeq);
      if (events.length === 0) continue;
      const eventsJson = Buffer.from(events.map((event) => JSON.stringify(event)).join(','));
      const seq = session.sentSeq + 1;
      const cursor = `cursor-${log.events.length}`;
      const deflated = session.request.readsDeflated === true ? deflateSync(JSON.stringify(events)) : null;
      const outcome = session.link.sendEvents(
        batchOf({ epoch: log.epoch, seq, count: events.length, cursor, eventsJson, deflated }),
      );
      this.outcomes.push(outcome);
      if (outcome !== 'dropped') session.sentSeq = log.events.length;
    }
  }

  catchUp(): void {
    this.flush();
  }

  acknowledge(index: number, seq: number): boolean {
    const session = this.sessions[index];
    if (session === null || session === undefined || seq > session.sentSeq) return false;
    session.ackedSeq = Math.max(session.ackedSeq, seq);
    return true;
  }

  writable(index: number): void {
    this.writableCalls.push(index);
    this.flush();
  }

  detach(index: number): void {
    this.sessions[index] = null;
    this.detached.push(index);
  }

  /** The only session there is. */
  only(): FakeSession {
    const open = this.sessions.filter((session) => session !== null);
    const [first] = open;
    if (open.length !== 1 || first === undefined) throw new Error(`${open.length} sessions`);
    return first;
  }
}
