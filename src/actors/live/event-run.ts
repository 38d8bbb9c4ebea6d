/**
 * Some events that go into many logs, one log after the other. What that costs beside the words that are written is counted
 * here and paid once for all logs: the references which they take, and those which they give back for what makes room.
 *
 * Must hold: the caller keeps a reference of its own to every event of the run until `settle`; an event that fell out of a
 * log counts as held until then.
 */
import type { EventBodies } from './event-bodies.ts';
import { NO_HANDLE } from './handle-table.ts';

export class EventRun {
  /** Of the events, in their order. */
  readonly handles: Uint32Array;
  private readonly bodies: EventBodies;
  private logs = 0;
  /** What fell out last at each place of the run, how often, and when this node had heard of it. Logs of one audience are alike. */
  private readonly fallen: Uint32Array;
  private readonly fallenCounts: Uint32Array;
  private readonly fallenAtMs: Float64Array;

  constructor(bodies: EventBodies, handles: readonly number[]) {
    this.bodies = bodies;
    this.handles = Uint32Array.from(handles);
    this.fallen = new Uint32Array(handles.length);
    this.fallenCounts = new Uint32Array(handles.length);
    this.fallenAtMs = new Float64Array(handles.length);
  }

  get length(): number {
    return this.handles.length;
  }

  /** One more log takes the events; call it before it lets go of any. */
  begin(): void {
    this.logs++;
  }

  /** A log lets go of `handle` for the event at `place`. Returns when the node had heard of what it lets go. */
  fell(place: number, handle: number): number {
    if (this.fallen[place] !== handle) {
      if (this.fallenCounts[place] !== 0) this.settle();
      this.fallen[place] = handle;
      this.fallenAtMs[place] = this.bodies.get(handle).createdAtMs;
    }
    this.fallenCounts[place] = (this.fallenCounts[place] ?? 0) + 1;
    return this.fallenAtMs[place] ?? 0;
  }

  /** Counts all references, those taken first. Afterwards the run may go into further logs. */
  settle(): void {
    const { handles, fallen, fallenCounts, bodies } = this;
    if (this.logs > 0) for (const handle of handles) bodies.retain(handle, this.logs);
    this.logs = 0;
    for (let place = 0; place < handles.length; place++) {
      const count = fallenCounts[place] ?? 0;
      if (count > 0) bodies.release(fallen[place] ?? NO_HANDLE, count);
      fallenCounts[place] = 0;
    }
  }
}
