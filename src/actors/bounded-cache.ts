/**
 * A map of at most so many entries. What was used lately stays: entries live in two halves, a young and an old one; use moves
 * an entry to the young half, and when that is full, it becomes the old one and what was still in the old one goes. So at
 * least the `entriesMax / 2` used last are there, and reading a young entry changes nothing.
 */
export class BoundedCache<Key, Value> {
  private readonly halfMax: number;
  private young = new Map<Key, Value>();
  private old = new Map<Key, Value>();

  constructor(entriesMax: number) {
    this.halfMax = Math.max(1, Math.floor(entriesMax / 2));
  }

  get(key: Key): Value | undefined {
    const value = this.young.get(key);
    if (value !== undefined) return value;
    const older = this.old.get(key);
    if (older !== undefined) this.set(key, older);
    return older;
  }

  set(key: Key, value: Value): void {
    this.old.delete(key);
    if (this.young.size >= this.halfMax && !this.young.has(key)) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(key, value);
  }

  delete(key: Key): void {
    this.young.delete(key);
    this.old.delete(key);
  }

  get size(): number {
    return this.young.size + this.old.size;
  }
}
