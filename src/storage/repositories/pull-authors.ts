/** Authors whose posts are read from their own list, and how an author's next post will travel. */
import type { UserId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { Store } from '../store.ts';
import type { RowOf } from '../table.ts';
import { authorDelivery, pullAuthors } from '../tables/graph.ts';

export type AuthorDeliveryRow = RowOf<typeof authorDelivery>;

const PAGE_ROWS = 1000;

export class PullAuthorRows {
  private readonly store: Store;

  constructor(store: Store) {
    this.store = store;
  }

  /** Everyone that was ever pulled, at most `limits.pullAuthorsMax`. */
  async all(): Promise<UserId[]> {
    const authors: UserId[] = [];
    while (authors.length < limits.pullAuthorsMax) {
      const last = authors.at(-1);
      const rows = await this.store.page(
        pullAuthors,
        { list: 'all' },
        { limit: PAGE_ROWS, ...(last === undefined ? {} : { after: [last] }) },
      );
      authors.push(...rows.map((row) => row.authorId));
      if (rows.length < PAGE_ROWS) break;
    }
    return authors;
  }

  /** Entering twice is fine; nobody ever leaves. */
  async enter(authorId: UserId, nowMs: number): Promise<void> {
    await this.store.put(pullAuthors, { list: 'all', authorId, enteredAtMs: nowMs });
  }

  async delivery(authorId: UserId): Promise<AuthorDeliveryRow | null> {
    return this.store.get(authorDelivery, { authorId });
  }

  async setDelivery(row: AuthorDeliveryRow): Promise<void> {
    await this.store.put(authorDelivery, row);
  }
}
