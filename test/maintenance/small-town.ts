/** A lived-in data folder: people who follow each other, posted, liked, commented and deleted; nothing left to be done. */
import { cp } from 'node:fs/promises';
import { compose } from '../../src/compose.ts';
import { readConfig } from '../../src/config.ts';
import { silentLogger } from '../../src/log.ts';
import { systemClock } from '../../src/clock.ts';
import type { StoreBasics } from '../../src/compose/stores.ts';
import type { PostId, UserId } from '../../src/ids.ts';
import type { Store } from '../../src/storage/store.ts';
import { outbox } from '../../src/storage/tables/operations.ts';
import { Person } from '../blackbox/api.ts';
import { smallPhotograph } from '../support/photographs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait-for.ts';

export interface SmallTown {
  readonly dataDir: string;
  readonly author: UserId;
  readonly fan: UserId;
  readonly livePost: PostId;
  /** Live, and nobody ever said or did anything about it. */
  readonly quietPost: PostId;
  readonly deletedPost: PostId;
}

/** What names other stores than those in the data folder. */
export type Settings = Readonly<Record<string, string>>;

export function environmentOf(dataDir: string, settings: Settings = {}): Record<string, string> {
  return { DATA_DIR: dataDir, PORT: '0', LOG_LEVEL: 'silent', RATE_LIMIT_FACTOR: '1000', ...settings };
}

export function basicsOf(dataDir: string, settings: Settings = {}): StoreBasics {
  return { config: readConfig(environmentOf(dataDir, settings)), clock: systemClock, log: silentLogger };
}

/** A server in this process, and the store it uses. */
export async function openServer(dataDir: string, settings: Settings = {}) {
  let store: Store | null = null;
  const application = await compose(readConfig(environmentOf(dataDir, settings)), {
    wrapStore: (opened) => {
      store = opened;
      return opened;
    },
  });
  return { application, url: application.url, store: store as unknown as Store };
}

export async function isIdle(store: Store): Promise<boolean> {
  for await (const _ of store.scan(outbox)) return false;
  return true;
}

export async function settleTown(dataDir: string, settings: Settings = {}): Promise<SmallTown> {
  const { application, url, store } = await openServer(dataDir, settings);
  const [author, fan, other] = await Promise.all(['author', 'fan', 'other'].map((name) => Person.register(url, name)));
  if (author === undefined || fan === undefined || other === undefined) throw new Error('nobody registered');
  await fan.follow(author);
  await other.follow(author);
  await author.follow(fan);
  const posts = await Promise.all(
    [1, 2, 3].map(async (seed) => author.post(`post ${seed}`, await smallPhotograph(seed))),
  );
  await waitFor('every post in the feed', async () => (await fan.wholeFeed()).length === posts.length);
  const [livePost = '', deletedPost = '', quietPost = ''] = posts;
  await fan.expect(200, 'PUT', `/v1/posts/${livePost}/like`);
  await fan.expect(201, 'POST', `/v1/posts/${livePost}/comments`, {
    body: { text: 'How fine' },
    headers: { 'idempotency-key': 'comment-1' },
  });
  const deleted = await author.call('DELETE', `/v1/posts/${deletedPost}`);
  if (deleted.status >= 300) throw new Error(`delete answered ${deleted.status}`);
  await waitFor('nothing left to be done', () => isIdle(store));
  await application.close();
  return {
    dataDir,
    author: author.id as UserId,
    fan: fan.id as UserId,
    livePost: livePost as PostId,
    deletedPost: deletedPost as PostId,
    quietPost: quietPost as PostId,
  };
}

/** A copy of the town's folder, to be damaged. */
export async function copyOf(town: SmallTown) {
  const folder = await temporaryFolder();
  await cp(town.dataDir, folder.path, { recursive: true });
  return folder;
}
