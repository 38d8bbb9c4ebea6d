/** A map of at most so many entries, the one used least recently dropped first. */
export class BoundedCache<Key, Value> {
  private readonly entriesMax: number;
  private readonly entries = new Map<Key, Value>();

  constructor(entriesMax: number) {
    this.entriesMax = entriesMax;
  }

  get(key: Key): Value | undefined {
    const value = this.entries.get(key);
    if (value === undefined) return undefined;
    // Maps iterate in order of insertion: what was used moves to the end, what is at the beginning goes first.
    this.entries.delete(key);
    this.entries.set(key, value);
    return value;
  }

  set(key: Key, value: Value): void {
    this.entries.delete(key);
    this.entries.set(key, value);
    if (this.entries.size <= this.entriesMax) return;
    for (const oldest of this.entries.keys()) {
      this.entries.delete(oldest);
      return;
    }
  }

  delete(key: Key): void {
    this.entries.delete(key);
  }

  get size(): number {
    return this.entries.size;
  }
}
