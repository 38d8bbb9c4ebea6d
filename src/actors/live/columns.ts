/**
 * Growable columns of numbers, indexed by small integers: what a table of actors or sessions is made of. A row costs its
 * bytes and nothing else; the garbage collector sees one array a column, however many rows there are.
 */
const ROWS_MIN = 16;

export class Uint32Column {
  data = new Uint32Array(ROWS_MIN);

  /** Call before row `index` is written for the first time. Rows start as 0. */
  reserve(index: number): void {
    if (index < this.data.length) return;
    const grown = new Uint32Array(grownLength(this.data.length, index));
    grown.set(this.data);
    this.data = grown;
  }

  get(index: number): number {
    return this.data[index] ?? 0;
  }

  set(index: number, value: number): void {
    this.data[index] = value;
  }

  /** `reserve` and `set`: for a row that begins. */
  begin(index: number, value: number): void {
    if (index >= this.data.length) this.reserve(index);
    this.data[index] = value;
  }
}

/** A list that is filled and emptied over and over: it keeps its memory, which an array gives back whenever it is emptied. */
export class Uint32List {
  private readonly values = new Uint32Column();
  private count = 0;

  get length(): number {
    return this.count;
  }

  at(place: number): number {
    return this.values.get(place);
  }

  push(value: number): void {
    this.values.begin(this.count++, value);
  }

  clear(): void {
    this.count = 0;
  }
}

export class Float64Column {
  private data = new Float64Array(ROWS_MIN);

  reserve(index: number): void {
    if (index < this.data.length) return;
    const grown = new Float64Array(grownLength(this.data.length, index));
    grown.set(this.data);
    this.data = grown;
  }

  get(index: number): number {
    return this.data[index] ?? 0;
  }

  set(index: number, value: number): void {
    this.data[index] = value;
  }

  begin(index: number, value: number): void {
    if (index >= this.data.length) this.reserve(index);
    this.data[index] = value;
  }
}

export class Uint8Column {
  private data = new Uint8Array(ROWS_MIN);

  reserve(index: number): void {
    if (index < this.data.length) return;
    const grown = new Uint8Array(grownLength(this.data.length, index));
    grown.set(this.data);
    this.data = grown;
  }

  get(index: number): number {
    return this.data[index] ?? 0;
  }

  set(index: number, value: number): void {
    this.data[index] = value;
  }

  begin(index: number, value: number): void {
    if (index >= this.data.length) this.reserve(index);
    this.data[index] = value;
  }
}

/** Half as much again: at a million rows, doubling would hold another million unused. */
function grownLength(length: number, index: number): number {
  return Math.max(index + 1, length + (length >>> 1));
}
