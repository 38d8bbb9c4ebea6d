/**
 * Work that keeps an order. Each task has a lane and a place in it: tasks of one lane that wait run in the order of their
 * places, one place at a time; tasks of the same place run side by side, and so do lanes, at most `atOnce` tasks altogether.
 *
 * Must hold: a lane exists only while something runs or waits in it. Lanes take turns, so a long one does not keep others
 * from running. A task that fails has ended, and its lane goes on with the next one. Who tries it again does so
 * later, behind what has run meanwhile, and so out of order; what waits then still lets the earlier place go first.
 */
interface Waiting {
  readonly place: string;
  readonly start: () => Promise<void>;
}

interface Lane {
  readonly name: string;
  /** In the order of their places, those of one place in order of arrival. */
  readonly waiting: Waiting[];
  running: number;
  /** Of those that run. */
  place: string;
  /** Whether the lane stands in the queue for room already. */
  queued: boolean;
}

export class Lanes {
  private readonly atOnce: number;
  private readonly lanes = new Map<string, Lane>();
  /** Lanes whose first task may run as soon as there is room. */
  private readonly queue: Lane[] = [];
  private running = 0;

  constructor(atOnce: number) {
    this.atOnce = atOnce;
  }

  /** Lanes in which something runs or waits. */
  get size(): number {
    return this.lanes.size;
  }

  run<Result>(name: string, place: string, task: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) => {
      const lane = this.lane(name);
      insert(lane.waiting, { place, start: () => task().then(resolve, reject) });
      this.offer(lane);
      this.startSome();
    });
  }

  private lane(name: string): Lane {
    const known = this.lanes.get(name);
    if (known !== undefined) return known;
    const opened: Lane = { name, waiting: [], running: 0, place: '', queued: false };
    this.lanes.set(name, opened);
    return opened;
  }

  private offer(lane: Lane): void {
    if (lane.queued || startable(lane) === null) return;
    lane.queued = true;
    this.queue.push(lane);
  }

  private startSome(): void {
    while (this.running < this.atOnce) {
      const lane = this.queue.shift();
      if (lane === undefined) return;
      lane.queued = false;
      const next = startable(lane);
      // An earlier place may have come in front while the lane stood in the queue.
      if (next === null) continue;
      lane.waiting.shift();
      lane.place = next.place;
      lane.running++;
      this.running++;
      this.offer(lane);
      void next.start().then(() => this.ended(lane));
    }
  }

  private ended(lane: Lane): void {
    lane.running--;
    this.running--;
    if (lane.running === 0 && lane.waiting.length === 0) this.lanes.delete(lane.name);
    else this.offer(lane);
    this.startSome();
  }
}

function startable({ waiting: [first], running, place }: Lane): Waiting | null {
  if (first === undefined) return null;
  return running === 0 || first.place === place ? first : null;
}

function insert(waiting: Waiting[], task: Waiting): void {
  let index = waiting.length;
  while (index > 0 && (waiting[index - 1]?.place ?? '') > task.place) index--;
  waiting.splice(index, 0, task);
}
