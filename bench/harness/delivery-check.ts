/**
 * Did every client see every event once and in order? Counts what did not: always on, in every scenario.
 *
 * A number that was jumped over is missing; it turns into `reordered` when it comes later, and into `lost` when it has not
 * come by the end. A number seen before is `duplicated`.
 */
export interface DeliveryFaults {
  readonly lost: number;
  readonly duplicated: number;
  readonly reordered: number;
  /** Breaks in the numbering of the system itself, seen beside what was delivered. */
  readonly misnumbered: number;
}

export interface DeliveryReport extends DeliveryFaults {
  readonly delivered: number;
}

export const NO_FAULTS: DeliveryFaults = { lost: 0, duplicated: 0, reordered: 0, misnumbered: 0 };

export class DeliveryCheck {
  private readonly streams: number;
  /** Next number of each client's streams, side by side. */
  private next: Float64Array;
  private readonly missing = new Map<number, Set<number>>();
  private clients = 0;
  private deliveredCount = 0;
  private duplicatedCount = 0;
  private reorderedCount = 0;
  private misnumberedCount = 0;

  constructor(streams: number) {
    this.streams = streams;
    this.next = new Float64Array(0);
  }

  /** From here on each client's next numbers are these, and the counts start anew. */
  begin(clients: number, next: readonly number[]): void {
    this.clients = clients;
    this.next = new Float64Array(clients * this.streams);
    for (let client = 0; client < clients; client++) this.next.set(next.slice(0, this.streams), client * this.streams);
    this.missing.clear();
    this.deliveredCount = 0;
    this.duplicatedCount = 0;
    this.reorderedCount = 0;
    this.misnumberedCount = 0;
  }

  get delivered(): number {
    return this.deliveredCount;
  }

  see(client: number, stream: number, number: number): void {
    const place = client * this.streams + stream;
    const next = this.next[place] ?? 0;
    if (number === next) this.next[place] = next + 1;
    else if (number > next) this.jumped(place, next, number);
    else if (this.missing.get(place)?.delete(number) === true) this.reorderedCount++;
    else {
      this.duplicatedCount++;
      return;
    }
    this.deliveredCount++;
  }

  /** A break in the numbering of the system itself. */
  brokenNumbering(): void {
    this.misnumberedCount++;
  }

  /** `ends`: one behind the last number of each stream. */
  finish(ends: readonly number[]): DeliveryReport {
    let lost = 0;
    for (const numbers of this.missing.values()) lost += numbers.size;
    for (let client = 0; client < this.clients; client++) {
      for (let stream = 0; stream < this.streams; stream++) {
        lost += Math.max(0, (ends[stream] ?? 0) - (this.next[client * this.streams + stream] ?? 0));
      }
    }
    return {
      delivered: this.deliveredCount,
      lost,
      duplicated: this.duplicatedCount,
      reordered: this.reorderedCount,
      misnumbered: this.misnumberedCount,
    };
  }

  private jumped(place: number, next: number, number: number): void {
    const set = this.missing.get(place) ?? new Set();
    for (let missing = next; missing < number; missing++) set.add(missing);
    this.missing.set(place, set);
    this.next[place] = number + 1;
  }
}

export function addFaults(left: DeliveryFaults, right: DeliveryFaults): DeliveryFaults {
  return {
    lost: left.lost + right.lost,
    duplicated: left.duplicated + right.duplicated,
    reordered: left.reordered + right.reordered,
    misnumbered: left.misnumbered + right.misnumbered,
  };
}

export function isExact({ lost, duplicated, reordered, misnumbered }: DeliveryFaults): boolean {
  return lost === 0 && duplicated === 0 && reordered === 0 && misnumbered === 0;
}
