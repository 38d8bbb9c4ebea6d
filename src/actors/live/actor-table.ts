/**
 * The actors resident on this node, by small integers that their logs, timelines, interest and sessions share.
 *
 * Must hold: an index is reused only after everything of its former actor is gone; an `epoch` never comes twice.
 */
import type { Clock } from '../../clock.ts';
import type { UserId } from '../../ids.ts';
import { Float64Column, Uint8Column, Uint32Column } from './columns.ts';
import { Epochs } from './epochs.ts';
import type { SessionState } from './session.ts';

const FREE = 0;
const ACTIVATING = 1;
const OPEN = 2;

const NO_STATE: SessionState = Object.freeze({ unreadNotifications: 0 });

export class ActorTable {
  readonly epochs: Epochs;
  private readonly clock: Pick<Clock, 'monotonic'>;
  private readonly byUser = new Map<UserId, number>();
  private readonly users: (UserId | undefined)[] = [];
  private readonly states: SessionState[] = [];
  private readonly statuses = new Uint8Column();
  private readonly touched = new Float64Column();
  private readonly freeIndexes: number[] = [];
  /** How many actors began before this one did. */
  private readonly numbers = new Uint32Column();
  private begun = 0;
  private activating = 0;

  constructor(clock: Pick<Clock, 'monotonic' | 'randomBytes'>) {
    this.clock = clock;
    this.epochs = new Epochs(clock);
  }

  /** Resident and activating ones. */
  get size(): number {
    return this.byUser.size;
  }

  get activatingCount(): number {
    return this.activating;
  }

  /** Indexes ever used are below it. */
  get span(): number {
    return this.users.length;
  }

  /** The user's actor, activating or open; −1 if there is none. */
  find(userId: UserId): number {
    return this.byUser.get(userId) ?? -1;
  }

  /** The user's open actor; −1 if it is not resident (yet). */
  findOpen(userId: UserId): number {
    const actor = this.byUser.get(userId) ?? -1;
    return actor >= 0 && this.isOpen(actor) ? actor : -1;
  }

  begin(userId: UserId): number {
    const actor = this.freeIndexes.pop() ?? this.users.length;
    this.users[actor] = userId;
    this.epochs.draw(actor);
    this.numbers.begin(actor, this.begun++);
    this.states[actor] = NO_STATE;
    this.statuses.reserve(actor);
    this.statuses.set(actor, ACTIVATING);
    this.touched.reserve(actor);
    this.byUser.set(userId, actor);
    this.activating++;
    return actor;
  }

  /** What `begin` began is complete: sessions may attach. */
  open(actor: number): void {
    this.statuses.set(actor, OPEN);
    this.touch(actor);
    this.activating--;
  }

  drop(actor: number): void {
    const userId = this.users[actor];
    if (userId === undefined) return;
    if (this.statuses.get(actor) === ACTIVATING) this.activating--;
    this.byUser.delete(userId);
    this.users[actor] = undefined;
    this.states[actor] = NO_STATE;
    this.statuses.set(actor, FREE);
    this.freeIndexes.push(actor);
  }

  isOpen(actor: number): boolean {
    return this.statuses.get(actor) === OPEN;
  }

  /** Names the activation to clients. */
  epoch(actor: number): string {
    return this.epochs.text(actor);
  }

  /** Tells activations of one index apart: after an await, an index with another number is somebody else. */
  number(actor: number): number {
    return this.numbers.get(actor);
  }

  isFree(actor: number): boolean {
    return this.statuses.get(actor) === FREE;
  }

  state(actor: number): SessionState {
    return this.states[actor] ?? NO_STATE;
  }

  setState(actor: number, state: SessionState): void {
    this.states[actor] = state;
  }

  touch(actor: number): void {
    this.touched.set(actor, this.clock.monotonic());
  }

  /** Monotonic time of the last touch; means nothing before `open`. */
  touchedMs(actor: number): number {
    return this.touched.get(actor);
  }
}
