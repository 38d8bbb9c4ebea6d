/** A list that the server gives page by page: what is loaded, whether there is more, and what went wrong. One load at a time. */
import { type ReadonlySignal, signal } from '@preact/signals';
import { asProblem, type ProblemError } from '../../sdk/problem.ts';

export interface ListPage<Item> {
  readonly items: readonly Item[];
  readonly nextCursor: string | null;
}

export type ListPhase =
  | { readonly kind: 'loading' }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly problem: ProblemError };

export class PagedList<Item> {
  private readonly read: (cursor: string | null) => Promise<ListPage<Item>>;
  private readonly keyOf: (item: Item) => string;
  private readonly all = signal<readonly Item[]>([]);
  private readonly state = signal<ListPhase>({ kind: 'loading' });
  private readonly next = signal<string | null>(null);
  private started = false;
  /** Counts starts from the first page: an answer for an older one is dropped. */
  private round = 0;
  private loading: Promise<void> | null = null;

  constructor(read: (cursor: string | null) => Promise<ListPage<Item>>, keyOf: (item: Item) => string) {
    this.read = read;
    this.keyOf = keyOf;
  }

  get items(): ReadonlySignal<readonly Item[]> {
    return this.all;
  }

  get phase(): ReadonlySignal<ListPhase> {
    return this.state;
  }

  get nextCursor(): ReadonlySignal<string | null> {
    return this.next;
  }

  /** Loads the first page unless that has happened already. */
  start(): Promise<void> {
    return this.started ? Promise.resolve() : this.reload();
  }

  /** From the first page; what is shown stays until the answer is there. */
  reload(): Promise<void> {
    this.started = true;
    this.loading = null;
    return this.load(null, ++this.round);
  }

  more(): Promise<void> {
    if (this.loading !== null) return this.loading;
    const cursor = this.next.value;
    return cursor === null ? Promise.resolve() : this.load(cursor, this.round);
  }

  /** Changes what is loaded: an event has told something that the pages did not know. */
  change(edit: (items: readonly Item[]) => readonly Item[]): void {
    this.all.value = edit(this.all.value);
  }

  private load(cursor: string | null, round: number): Promise<void> {
    this.state.value = { kind: 'loading' };
    const loading = this.read(cursor).then(
      (page) => {
        if (round !== this.round) return;
        this.loading = null;
        this.all.value = cursor === null ? page.items : this.appended(page.items);
        this.next.value = page.nextCursor;
        this.state.value = { kind: 'ready' };
      },
      (error: unknown) => {
        if (round !== this.round) return;
        this.loading = null;
        this.started = this.all.value.length > 0;
        this.state.value = { kind: 'failed', problem: asProblem(error) };
      },
    );
    this.loading = loading;
    return loading;
  }

  private appended(items: readonly Item[]): readonly Item[] {
    const known = new Set(this.all.value.map(this.keyOf));
    return [...this.all.value, ...items.filter((item) => !known.has(this.keyOf(item)))];
  }
}
