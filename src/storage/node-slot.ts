/**
 * Claims one of the 1,024 node slots, so that no two nodes ever stamp the same id, whatever their clocks do.
 *
 *   former run stamped ids up to here at most ──► ceiling (in the store) ──► this run stamps strictly above it,
 *   and never above the next ceiling, which is made durable a minute ahead and renewed at half.
 *
 * The ceiling alone keeps ids unique; lease and quarantine keep nodes from taking slots from each other. A slot goes back
 * to the same owner at once, and to another one ten minutes after its lease ended.
 */
import type { Clock, Timer } from '../clock.ts';
import { StartRefusal } from '../errors.ts';
import { IdSource, NODE_SLOTS } from '../ids.ts';
import { limits } from '../limits.ts';
import type { Logger } from '../log.ts';
import type { Store } from './store.ts';
import type { RowOf } from './table.ts';
import { nodeSlots } from './tables/operations.ts';

type SlotRow = RowOf<typeof nodeSlots>;

export interface NodeSlotOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  /** Names this node across restarts, and no other one: made once and kept in its data folder, or its host name. */
  readonly owner: string;
}

export class NodeSlot {
  readonly slot: number;
  /** The only source of this node's ids. Refuses (`unavailable`) above the durable ceiling, and for good once `lost`. */
  readonly ids: IdSource;
  private readonly options: NodeSlotOptions;
  private readonly timer: Timer;
  private row: SlotRow;
  /** Monotonic; the lease is renewed by it even when the wall clock stepped back. */
  private renewedAtMs: number;
  private renewing: Promise<void> | null = null;
  private state: 'held' | 'lost' | 'released' = 'held';

  private constructor(options: NodeSlotOptions, row: SlotRow, floorMs: number) {
    this.options = options;
    this.row = row;
    this.slot = row.slot;
    this.renewedAtMs = options.clock.monotonic();
    this.ids = new IdSource(options.clock, row.slot, floorMs, () => this.ceilingMs);
    this.timer = options.clock.every(limits.idCeilingCheckMs, () => void this.keep());
  }

  static async claim(options: NodeSlotOptions): Promise<NodeSlot> {
    const { store, clock, owner } = options;
    const nowMs = Math.floor(clock.now());
    // Told apart from an earlier run of the same owner that may still be alive somewhere.
    const claimOwner = `${owner}#${clock.randomBytes(9).toString('base64url')}`;
    for (const { slot, row } of candidates(await readAll(store), owner, nowMs, clock.random())) {
      const floorMs = row?.ceilingMs ?? 0;
      const claimed: SlotRow = {
        slot,
        owner: claimOwner,
        leaseUntilMs: nowMs + limits.idCeilingAheadMs,
        ceilingMs: reserveFor(nowMs, floorMs),
      };
      const won =
        row === null
          ? (await store.insertIfAbsent(nodeSlots, claimed)).inserted
          : await store.compareAndPut(nodeSlots, claimed, row);
      if (won) return new NodeSlot(options, claimed, floorMs);
    }
    throw new StartRefusal(
      `All ${NODE_SLOTS} node slots are taken. A slot is free again ten minutes after its node left.`,
    );
  }

  /** Ids may be stamped up to this wall time; none once the slot was lost or given back. */
  get ceilingMs(): number {
    return this.state === 'held' ? this.row.ceilingMs : Number.NEGATIVE_INFINITY;
  }

  /** False when no id can be given out now: for readiness. */
  get usable(): boolean {
    return Math.max(this.options.clock.now(), this.ids.newestMs) < this.ceilingMs;
  }

  /** Reserves further ahead once half of the reserve is used up. Single flight; never rejects. */
  keep(): Promise<void> {
    const { clock } = this.options;
    const half = limits.idCeilingAheadMs / 2;
    const due =
      this.row.ceilingMs - clock.now() <= half ||
      this.row.ceilingMs - this.ids.newestMs <= limits.idCeilingStepMs / 2 ||
      clock.monotonic() - this.renewedAtMs >= half;
    if (this.state !== 'held' || !due) return Promise.resolve();
    this.renewing ??= this.renew().finally(() => {
      this.renewing = null;
    });
    return this.renewing;
  }

  /** Ends the lease, and takes the ceiling back to what was stamped: whoever comes next need not borrow from the future. */
  async release(): Promise<void> {
    this.timer.cancel();
    await this.renewing;
    if (this.state !== 'held') return;
    this.state = 'released';
    const { store, clock, log } = this.options;
    try {
      const left = { leaseUntilMs: Math.floor(clock.now()), ceilingMs: Math.ceil(this.ids.newestMs) };
      await store.compareAndPut(nodeSlots, { ...this.row, ...left }, this.row);
    } catch (error) {
      log.warn('the node slot could not be given back; its lease will end by itself', { error, slot: this.slot });
    }
  }

  private async renew(): Promise<void> {
    const { store, clock, log } = this.options;
    const startedAtMs = clock.monotonic();
    const before = this.row;
    const next: SlotRow = {
      ...before,
      leaseUntilMs: Math.floor(clock.now()) + limits.idCeilingAheadMs,
      ceilingMs: Math.max(before.ceilingMs, reserveFor(clock.now(), this.ids.newestMs)),
    };
    try {
      const renewed = await store.compareAndPut(nodeSlots, next, before);
      // Refused: an earlier try was carried out though it was reported as failed, or someone has taken the slot.
      const there = renewed ? next : await store.get(nodeSlots, { slot: this.slot });
      if (there?.owner !== before.owner) {
        this.lose();
        return;
      }
      this.row = there;
      if (renewed) this.renewedAtMs = startedAtMs;
    } catch (error) {
      log.warn('the id ceiling could not be renewed; trying again', { error, slot: this.slot });
    }
  }

  private lose(): void {
    this.state = 'lost';
    this.timer.cancel();
    this.options.log.error('another node took the slot: this one gives out no ids any more', { slot: this.slot });
  }
}

/**
 * The ceiling to make durable. Time is reserved ahead of the clock; ahead of ids that already borrow from the future (a
 * crash left their ceiling unused) only as much as ids themselves use up, so that restarts in a row do not add up.
 */
function reserveFor(nowMs: number, newestMs: number): number {
  return Math.ceil(Math.max(nowMs + limits.idCeilingAheadMs, newestMs + limits.idCeilingStepMs));
}

interface Candidate {
  readonly slot: number;
  readonly row: SlotRow | null;
}

/** Slots to try, in this order: the owner's own, free ones from a random place on, left ones behind their quarantine. */
function candidates(rows: readonly (SlotRow | null)[], owner: string, nowMs: number, random: number): Candidate[] {
  const all = rows.map((row, slot) => ({ slot, row }));
  const own = all.filter(({ row }) => row !== null && ownerOf(row) === owner);
  for (const { row } of own) refuseWrongClock((row?.ceilingMs ?? 0) - nowMs);
  const first = Math.floor(random * all.length);
  const free = [...all.slice(first), ...all.slice(0, first)].filter(({ row }) => row === null);
  const left = all.filter(({ row }) => row !== null && ownerOf(row) !== owner && isLeft(row, nowMs));
  return [...own, ...free, ...left];
}

/** A ceiling far ahead of this clock would make every id of this node borrow from the future. */
function isLeft(row: SlotRow, nowMs: number): boolean {
  return row.leaseUntilMs + limits.nodeSlotQuarantineMs <= nowMs && row.ceilingMs - nowMs <= limits.clockBehindMs;
}

function refuseWrongClock(behindMs: number): void {
  if (behindMs <= limits.clockBehindMs) return;
  const minutes = Math.round(behindMs / 60_000);
  throw new StartRefusal(
    `The clock is ${minutes} minutes behind the ids this node has given out. Set it right before starting.`,
  );
}

function ownerOf(row: SlotRow): string {
  return row.owner.slice(0, row.owner.lastIndexOf('#'));
}

async function readAll(store: Store): Promise<(SlotRow | null)[]> {
  const keys = Array.from({ length: NODE_SLOTS }, (_, slot) => ({ slot }));
  const rows: (SlotRow | null)[] = [];
  for (let start = 0; start < keys.length; start += limits.storeGetManyKeys) {
    rows.push(...(await store.getMany(nodeSlots, keys.slice(start, start + limits.storeGetManyKeys))));
  }
  return rows;
}
