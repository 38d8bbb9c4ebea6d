/** The newest `entriesMax` keys with their values; the oldest makes room. For what only matters for a while. */
export class RecentMap<Key, Value> {
  private readonly entries = new Map<Key, Value>();
  private readonly entriesMax: number;

  constructor(entriesMax: number) {
    this.entriesMax = entriesMax;
  }

  get(key: Key): Value | undefined {
    return this.entries.get(key);
  }

  has(key: Key): boolean {
    return this.entries.has(key);
  }

  set(key: Key, value: Value): void {
    this.entries.delete(key);
    this.entries.set(key, value);
    if (this.entries.size <= this.entriesMax) return;
    for (const oldest of this.entries.keys()) {
      this.entries.delete(oldest);
      break;
    }
  }

  /** In order of their last `set`. */
  all(): IterableIterator<[Key, Value]> {
    return this.entries.entries();
  }
}
