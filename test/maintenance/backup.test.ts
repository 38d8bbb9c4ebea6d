import { readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { backupInstallation, restoreInstallation } from '../../src/compose/backups.ts';
import { checkInstallation, openInstallation } from '../../src/compose/maintenance.ts';
import { leftWrong } from '../../src/maintenance/fsck/fsck.ts';
import { users } from '../../src/storage/tables/accounts.ts';
import { Person, type Post } from '../blackbox/api.ts';
import { smallPhotograph } from '../support/photographs.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { waitFor } from '../support/wait-for.ts';
import { basicsOf, openServer } from './small-town.ts';

type Act =
  | { readonly kind: 'follow' | 'unfollow'; readonly who: number; readonly whom: number }
  | { readonly kind: 'post'; readonly who: number }
  | { readonly kind: 'like' | 'delete'; readonly who: number; readonly pick: number };

const PEOPLE = 3;
const person = fc.nat(PEOPLE - 1);
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ kind: fc.constantFrom('follow', 'unfollow'), who: person, whom: person }),
  fc.record({ kind: fc.constant('post'), who: person }),
  fc.record({ kind: fc.constantFrom('like', 'delete'), who: person, pick: fc.nat(99) }),
);

/** What people did, and what the server acknowledged of it. */
class Story {
  readonly people: readonly Person[];
  readonly posts = new Map<string, { readonly author: number; deleted: boolean }>();
  readonly follows = new Set<string>();

  constructor(people: readonly Person[]) {
    this.people = people;
  }

  async tell(each: Act): Promise<void> {
    if (each.kind === 'post') await this.post(each.who);
    else if ('whom' in each) await this.changeFollow(each.kind, each.who, each.whom);
    else await this.changePost(each.kind, each.who, each.pick);
  }

  private async post(who: number): Promise<void> {
    const seed = this.posts.size + 1;
    const postId = await this.at(who).post(`post ${seed}`, await smallPhotograph(seed));
    this.posts.set(postId, { author: who, deleted: false });
  }

  private async changeFollow(kind: 'follow' | 'unfollow', who: number, whom: number): Promise<void> {
    if (who === whom) return;
    const edge = `${this.at(who).id} ${this.at(whom).id}`;
    if (kind === 'follow') {
      await this.at(who).follow(this.at(whom));
      this.follows.add(edge);
    } else {
      await this.at(who).call('DELETE', `/v1/follows/${this.at(whom).id}`);
      this.follows.delete(edge);
    }
  }

  private async changePost(kind: 'like' | 'delete', who: number, pick: number): Promise<void> {
    const [postId, post] = [...this.posts][pick % Math.max(1, this.posts.size)] ?? [];
    if (postId === undefined || post === undefined || post.deleted) return;
    if (kind === 'like') await this.at(who).call('PUT', `/v1/posts/${postId}/like`);
    else if ((await this.at(post.author).call('DELETE', `/v1/posts/${postId}`)).status < 300) post.deleted = true;
  }

  at(index: number): Person {
    const found = this.people[index];
    if (found === undefined) throw new Error('nobody there');
    return found;
  }
}

test('whatever was acknowledged before a backup began is in it, though people go on meanwhile; restored, it is clean', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(act, { minLength: 6, maxLength: 14 }),
      fc.array(act, { minLength: 20, maxLength: 20 }),
      async (before, meanwhile) => {
        const folder = await temporaryFolder();
        const [original, copy, target] = ['original', 'backup', 'restored'].map((name) => join(folder.path, name));
        const server = await openServer(original ?? '');
        const names = Array.from({ length: PEOPLE }, (_, index) => `person${index}`);
        const story = new Story(await Promise.all(names.map((name) => Person.register(server.url, name))));
        for (const each of before) await story.tell(each);
        const posts = new Map([...story.posts].map(([id, post]) => [id, post.deleted]));
        const follows = [...story.follows];
        const touched = new Set<string>();
        const goOn = async (): Promise<void> => {
          for (const each of meanwhile) {
            if (each.kind === 'follow' || each.kind === 'unfollow') touched.add(`${each.who} ${each.whom}`);
            await story.tell(each);
          }
        };
        await Promise.all([backupInstallation(basicsOf(original ?? ''), copy ?? ''), goOn()]);
        await server.application.close();

        const restored = await restoreInstallation(basicsOf(target ?? ''), copy ?? '');
        t.is(leftWrong(restored.mended), 0, JSON.stringify(restored.mended));
        t.is(leftWrong(await checkInstallation(basicsOf(target ?? ''), { repair: false })), 0);

        const again = await openServer(target ?? '');
        const later = story.people.map((each) => ({ each, token: each.accessToken }));
        for (const [postId, wasDeleted] of posts) {
          const { author, deleted } = story.posts.get(postId) ?? { author: 0, deleted: false };
          // Deleted while the backup was made: it may be in it or not.
          if (deleted && !wasDeleted) continue;
          const headers = { authorization: `Bearer ${later[author]?.token ?? ''}` };
          const read = () => fetch(`${again.url}/v1/posts/${postId}`, { headers });
          const answer = await read();
          t.is(answer.status, wasDeleted ? 404 : 200, `post ${postId}`);
          if (wasDeleted) continue;
          await waitFor(
            'its photograph',
            async () => ((await (await read()).json()) as Post).uploadStatus === 'complete',
          );
        }
        for (const edge of follows) {
          const [follower = '', followed = ''] = edge.split(' ');
          const index = (id: string): number => story.people.findIndex((each) => each.id === id);
          if (touched.has(`${index(follower)} ${index(followed)}`)) continue;
          const headers = { authorization: `Bearer ${later[index(follower)]?.token ?? ''}` };
          const answer = await fetch(`${again.url}/v1/users/${follower}/following`, { headers });
          t.true((await answer.text()).includes(followed), edge);
        }
        await again.application.close();
        await folder.remove();
      },
    ),
    { numRuns: 2, endOnFailure: true },
  );
});

test('a backup goes into a folder of its own, a restore into an empty place, and from a whole backup only', async (t) => {
  const folder = await temporaryFolder();
  const place = (name: string): string => join(folder.path, name);
  const server = await openServer(place('original'));
  await Person.register(server.url, 'someone');
  await backupInstallation(basicsOf(place('original')), place('backup'));
  await t.throwsAsync(backupInstallation(basicsOf(place('original')), place('backup')), { message: /not empty/ });
  await server.application.close();
  await backupInstallation(basicsOf(place('original')), place('stopped'));

  await restoreInstallation(basicsOf(place('restored')), place('backup'));
  await t.throwsAsync(restoreInstallation(basicsOf(place('restored')), place('backup')), { message: /holds rows/ });
  t.is(await readFile(place('restored/secret'), 'utf8'), await readFile(place('original/secret'), 'utf8'));

  await truncate(join(place('backup'), 'tables', 'users.ndjson'), 10);
  await t.throwsAsync(restoreInstallation(basicsOf(place('other')), place('backup')), {
    message: /users.ndjson is not/,
  });
  const other = await openInstallation(basicsOf(place('other')), { mayBeNew: true });
  for await (const row of other.store.scan(users)) t.fail(`a row was written: ${row.userId}`);
  await other.close();

  await writeFile(place('stopped/manifest.json'), '{}');
  await t.throwsAsync(restoreInstallation(basicsOf(place('fourth')), place('stopped')), { message: /not a manifest/ });
  await t.throwsAsync(restoreInstallation(basicsOf(place('fifth')), place('nowhere')), {
    message: /no finished backup/,
  });
  await folder.remove();
});
