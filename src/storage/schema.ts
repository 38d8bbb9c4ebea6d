/** All tables of the product. Engines create them at start; the order is that of the files and has no meaning. */
import * as accounts from './tables/accounts.ts';
import * as engagement from './tables/engagement.ts';
import * as graph from './tables/graph.ts';
import * as operations from './tables/operations.ts';
import * as posts from './tables/posts.ts';
import type { Table } from './table.ts';
import * as timeline from './tables/timeline.ts';

/** Raise it with every change of a declaration: an older release then refuses to open what it would not understand. */
export const SCHEMA_VERSION = 1;

export const TABLES: readonly Table[] = [
  ...Object.values(accounts),
  ...Object.values(engagement),
  ...Object.values(graph),
  ...Object.values(operations),
  ...Object.values(posts),
  ...Object.values(timeline),
];
