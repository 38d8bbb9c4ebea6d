import test from 'ava';
import { Person } from '../blackbox/api.ts';
import { Phone } from '../blackbox/phone.ts';
import { smallPhotograph } from '../support/photographs.ts';
import { startServer, temporaryFolder } from '../support/server-process.ts';
import { waitFor } from '../support/wait-for.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const entry = 'test/reliability/shifted-server.ts';

test('a phone that was away beyond retention gets exactly one reset, and goes on live after reloading', async (t) => {
  const folder = await temporaryFolder('retention');
  const before = await startServer({ dataDir: folder.path, entry });
  const port = new URL(before.url).port;
  const author = await Person.register(before.url, 'author');
  const follower = await Person.register(before.url, 'traveller');
  await follower.follow(author);
  const phone = new Phone(follower);
  await phone.connect();
  const seen = await author.post('before the journey', await smallPhotograph(1));
  await waitFor('the first post', () => phone.ids('post.new').includes(`post.new:${seen}`));
  phone.cut();
  await author.post('during the journey', await smallPhotograph(2));
  await waitFor('the second post', async () => (await follower.wholeFeed()).length === 2);
  await before.end('SIGTERM');

  const environment = { PORT: port, CLOCK_AHEAD_MS: String(31 * DAY_MS) };
  const after = await startServer({ dataDir: folder.path, entry, environment });
  const authorNow = await author.signInAgain();
  phone.person = await follower.signInAgain();
  await phone.connect();
  t.is(phone.resets, 1);
  // The server may have been stopped before it told anybody of the second post: then it does so now.
  await waitFor('what was missed to be in the feed', async () => (await phone.person.wholeFeed()).length === 2);
  const later = await authorNow.post('after the journey', await smallPhotograph(3));
  await waitFor('the new post', () => phone.ids('post.new').includes(`post.new:${later}`));
  phone.cut();
  await phone.connect();
  t.is(phone.resets, 1, 'one reset, not one at every connection');
  t.deepEqual(phone.complaints, []);
  phone.cut();
  await after.end('SIGTERM');
  await folder.remove();
});
