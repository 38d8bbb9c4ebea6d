/** A binary heap (J. W. J. Williams, 1964): the first item by `isBefore` is found at once, put and taken in O(log n). */
export class Heap<Item> {
  private readonly isBefore: (one: Item, other: Item) => boolean;
  private items: Item[] = [];

  constructor(isBefore: (one: Item, other: Item) => boolean) {
    this.isBefore = isBefore;
  }

  get size(): number {
    return this.items.length;
  }

  first(): Item | undefined {
    return this.items[0];
  }

  put(item: Item): void {
    let at = this.items.length;
    this.items.push(item);
    while (at > 0) {
      const above = (at - 1) >> 1;
      const parent = this.items[above] as Item;
      if (!this.isBefore(item, parent)) break;
      this.items[at] = parent;
      at = above;
    }
    this.items[at] = item;
  }

  take(): Item | undefined {
    const first = this.items[0];
    const last = this.items.pop();
    if (last !== undefined && this.items.length > 0) this.sink(last);
    return first;
  }

  /** Goes through all of it: for what happens seldom. */
  keep(isKept: (item: Item) => boolean): void {
    const kept = this.items.filter(isKept);
    this.items = [];
    for (const item of kept) this.put(item);
  }

  /** Finds the place of `item` from the top. */
  private sink(item: Item): void {
    const count = this.items.length;
    let at = 0;
    for (let below = 1; below < count; below = 2 * at + 1) {
      const right = below + 1;
      if (right < count && this.isBefore(this.items[right] as Item, this.items[below] as Item)) below = right;
      const child = this.items[below] as Item;
      if (!this.isBefore(child, item)) break;
      this.items[at] = child;
      at = below;
    }
    this.items[at] = item;
  }
}
