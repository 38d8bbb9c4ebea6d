/**
 * The order of what one author does, seen by a phone that keeps to the protocol: fan-out writes and delivers one event after
 * the other, seconds behind the broadcast, while the phone is cut, stalls, returns and catches up, and its actor comes and goes.
 */
import test from 'ava';
import { type ErrorCode, invariant } from '../../../src/errors.ts';
import type { LogEvent } from '../../../src/actors/event.ts';
import type {
  EventBatch,
  LinkOutcome,
  LogPosition,
  SessionLink,
  SessionNotice,
} from '../../../src/actors/live/session.ts';
import { AUTHOR, attachRequest, event, type LiveFixture, liveFixture, user } from '../../support/live.ts';
import { settlePromises } from '../../support/manual-clock.ts';

const READER = 'rita';
const FAN_OUT_LAG_MS_MAX = 3_000;
const BOUNDS = { logRingEvents: 32, windowEvents: 8, catchUpReplayEvents: 24, actorIdleMs: 20_000 };

/** What a device keeps, and what it has shown. Events wait aside while something is missing. */
class Phone implements SessionLink {
  readonly shown: string[] = [];
  readonly outages = { behind: 0, notice: 0, resumed: 0 };
  private readonly fixture: LiveFixture;
  private aside: string[] = [];
  private missing = false;
  private position: LogPosition | null = null;
  private index = -1;
  private connecting = false;
  stalled = false;

  constructor(fixture: LiveFixture) {
    this.fixture = fixture;
  }

  async connect(): Promise<void> {
    if (this.index >= 0 || this.connecting) return;
    this.connecting = true;
    const attached = await this.fixture.node.attach(attachRequest(READER, 'phone', this.position), this);
    this.connecting = false;
    this.index = attached.index;
    this.position = { epoch: attached.epoch, seq: attached.seq };
    if (attached.mode === 'resumed') this.outages.resumed++;
    else this.missing = true;
    if (attached.mode === 'behind') this.outages.behind++;
  }

  cut(): void {
    if (this.index < 0) return;
    this.fixture.node.detach(this.index);
    this.index = -1;
  }

  close(_code: ErrorCode): void {
    this.cut();
  }

  sendEvents(batch: EventBatch): LinkOutcome {
    invariant(this.position !== null && batch.seq === this.position.seq + 1, 'a gap');
    const events = JSON.parse(`[${batch.eventsJson.toString()}]`) as { id: string }[];
    for (const { id } of events) {
      if (this.missing) this.aside.push(id);
      else this.show(id);
    }
    this.position = { epoch: this.position.epoch, seq: batch.seq + batch.count - 1 };
    return 'sent';
  }

  notify(notice: SessionNotice): LinkOutcome {
    if (notice.kind !== 'behind') return 'sent';
    this.outages.notice++;
    this.missing = true;
    this.position = { epoch: notice.epoch, seq: notice.seq };
    return 'sent';
  }

  acknowledge(): void {
    if (this.index < 0 || this.stalled || this.position === null) return;
    invariant(this.fixture.node.acknowledge(this.index, this.position.seq), 'a true acknowledgement was refused');
  }

  catchUp(inbox: readonly string[]): void {
    if (!this.missing || this.index < 0) return;
    for (const id of [...inbox, ...this.aside]) this.show(id);
    this.aside = [];
    this.missing = false;
  }

  private show(id: string): void {
    if (!this.shown.includes(id)) this.shown.push(id);
  }
}

interface Outcome {
  readonly published: readonly string[];
  readonly phone: Phone;
}

async function live(seed: number, replay: boolean): Promise<Outcome> {
  const fixture = liveFixture({ ...BOUNDS, ...(replay ? {} : { catchUpReplayEvents: 0 }) }, seed);
  const { clock, node, source } = fixture;
  source.followed.set(READER, ['author']);
  source.gate = () => new Promise((resolve) => void clock.after(clock.random() * 1500, resolve));
  const published: string[] = [];
  const inbox: string[] = [];
  const waiting: { readonly happened: LogEvent; readonly dueMs: number }[] = [];
  const phone = new Phone(fixture);
  const publish = (): void => {
    const happened = event(published.length + 1);
    published.push(happened.id);
    node.broadcast(AUTHOR, happened, null);
    waiting.push({ happened, dueMs: clock.now() + clock.random() * FAN_OUT_LAG_MS_MAX });
  };
  // One after the other: what is due waits for what came before it.
  const fanOut = (): void => {
    for (let next = waiting[0]; next !== undefined && next.dueMs <= clock.now(); next = waiting[0]) {
      waiting.shift();
      inbox.push(next.happened.id);
      node.deliver(user(READER), next.happened, null);
    }
  };
  const act = (dice: number): void => {
    if (dice < 0.5) publish();
    else if (dice < 0.55) void phone.connect();
    else if (dice < 0.56) phone.cut();
    else if (dice < 0.564) phone.stalled = !phone.stalled;
    else if (dice < 0.7) phone.catchUp(inbox);
    else phone.acknowledge();
  };
  // The order of what a feed shows is the feed's own: before anything happens there is nothing to load.
  void phone.connect();
  await clock.advanceAsync(5_000);
  phone.catchUp(inbox);
  for (let step = 0; step < 1500; step++) {
    act(clock.random());
    await clock.advanceAsync(clock.random() * 200);
    fanOut();
    if (clock.random() < 0.004) {
      phone.cut();
      await clock.advanceAsync(30_000);
    }
    await settlePromises();
  }
  phone.stalled = false;
  for (let round = 0; round < 200; round++) {
    void phone.connect();
    await clock.advanceAsync(200);
    fanOut();
    phone.acknowledge();
    phone.catchUp(inbox);
  }
  node.close();
  return { published, phone };
}

function isInOrder({ published, phone }: Outcome): boolean {
  return published.length === phone.shown.length && published.every((id, index) => phone.shown[index] === id);
}

test('what an author does is shown in its order, however the phone came to it', async (t) => {
  const first = Number(process.env['SEED'] ?? 1);
  const outages = { behind: 0, notice: 0, resumed: 0 };
  for (let seed = first; seed < first + 20; seed++) {
    const outcome = await live(seed, true);
    t.true(isInOrder(outcome), `seed ${seed}`);
    for (const kind of ['behind', 'notice', 'resumed'] as const) outages[kind] += outcome.phone.outages[kind];
  }
  t.log(`from seed ${first}`, outages);
  t.true(outages.behind > 20 && outages.notice > 5 && outages.resumed > 20);
});

test('the check notices when a phone that catches up is put at the head', async (t) => {
  const outcomes = await Promise.all([1, 2, 3, 4, 5].map((seed) => live(seed, false)));
  t.true(outcomes.some((outcome) => !isInOrder(outcome)));
});
