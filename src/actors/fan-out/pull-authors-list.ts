/**
 * Everyone whose posts were ever pulled, as this node knows it. Append-only: readers merge the pull posts of all of them,
 * for ever. Entering is seen here at once and by other nodes within `pullAuthorsRefreshMs`.
 */
import type { Clock, Timer } from '../../clock.ts';
import type { UserId } from '../../ids.ts';
import { limits } from '../../limits.ts';
import type { Logger } from '../../log.ts';
import type { PullAuthorRows } from '../../storage/repositories/pull-authors.ts';

export class PullAuthorsList {
  private readonly rows: PullAuthorRows;
  private readonly clock: Clock;
  private readonly logger: Logger;
  private readonly authors = new Set<UserId>();
  private timer: Timer | null = null;
  private refreshing: Promise<void> | null = null;

  private constructor(rows: PullAuthorRows, clock: Clock, logger: Logger) {
    this.rows = rows;
    this.clock = clock;
    this.logger = logger;
  }

  /** Reads the list once, then keeps it fresh until `close`. */
  static async open(rows: PullAuthorRows, clock: Clock, logger: Logger): Promise<PullAuthorsList> {
    const list = new PullAuthorsList(rows, clock, logger);
    await list.refresh();
    list.timer = clock.every(limits.pullAuthorsRefreshMs, () => {
      list.refresh().catch((error: unknown) => logger.warn('pull authors not refreshed', { error }));
    });
    return list;
  }

  get all(): ReadonlySet<UserId> {
    return this.authors;
  }

  /** False when the list is full: the author stays pushed. Entering twice is fine. */
  async enter(authorId: UserId): Promise<boolean> {
    if (this.authors.has(authorId)) return true;
    if (this.authors.size >= limits.pullAuthorsMax) {
      this.logger.error('the list of pull authors is full', { authors: this.authors.size });
      return false;
    }
    await this.rows.enter(authorId, this.clock.now());
    this.authors.add(authorId);
    return true;
  }

  refresh(): Promise<void> {
    this.refreshing ??= this.read().finally(() => {
      this.refreshing = null;
    });
    return this.refreshing;
  }

  async close(): Promise<void> {
    this.timer?.cancel();
    this.timer = null;
    await this.refreshing?.catch(() => undefined);
  }

  private async read(): Promise<void> {
    for (const authorId of await this.rows.all()) this.authors.add(authorId);
  }
}
