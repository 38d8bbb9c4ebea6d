import test from 'ava';
import { smallPhotograph } from '../support/photographs.ts';
import { waitFor } from '../support/wait-for.ts';
import { Person } from './api.ts';
import { Phone } from './phone.ts';
import { openTarget, type Target } from './target.ts';

/** That read deflated events; one more does not. */
const READERS = 3;
const POSTS = 4;
const CAPTION = 'a walk along the river, with everybody '.repeat(30);

let target: Target;
test.before(async () => {
  target = await openTarget();
});
test.after.always(() => target.close());

test('phones that read deflated events are told the same in fewer bytes, also of what they missed', async (t) => {
  const author = await Person.register(target.url, 'gil');
  const phones = await Promise.all(
    Array.from({ length: READERS + 1 }, async (_, index) => {
      const person = await Person.register(target.url, `hal${index}`);
      await person.follow(author);
      return new Phone(person, { readsDeflated: index < READERS, resumeInUpgrade: true });
    }),
  );
  await Promise.all(phones.map((phone) => phone.connect()));
  const told = async (count: number): Promise<void> => {
    await waitFor('all posts on all phones', () => phones.every((phone) => phone.ids('media.ready').length === count));
  };
  for (let number = 1; number <= POSTS; number++) {
    await author.post(`post ${number} ${CAPTION}`, await smallPhotograph(number));
    await told(number);
  }
  for (const phone of phones) phone.cut();
  await author.post('while they were away', await smallPhotograph(9));
  await Promise.all(phones.map((phone) => phone.connect()));
  await told(POSTS + 1);

  const plain = phones[READERS];
  const readers = phones.slice(0, READERS);
  t.is(plain?.deflatedFrames, 0);
  t.true(readers.filter((phone) => phone.deflatedFrames > 0).length >= READERS - 1, 'one may always be the first');
  for (const phone of phones) {
    t.deepEqual(phone.applied, plain?.applied);
    t.deepEqual(phone.complaints, []);
    t.deepEqual(phone.modes, ['fresh', 'resumed']);
  }
  t.true(readers.some((phone) => phone.eventBytes * 2 < (plain?.eventBytes ?? 0)));
  for (const phone of phones) phone.cut();
});
