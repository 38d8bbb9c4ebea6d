import test from 'ava';
import { smallPhotograph } from '../support/photographs.ts';
import { waitFor } from '../support/wait-for.ts';
import { Person, type Post } from './api.ts';
import { openTarget, type Target } from './target.ts';

interface Refusal {
  readonly code: string;
  readonly errors?: readonly { readonly field: string; readonly reason: string }[];
}

let target: Target;
test.before(async () => {
  target = await openTarget();
});
test.after.always(() => target.close());

test('what is longer or more than it may be is refused with the field and the bound', async (t) => {
  const author = await Person.register(target.url, 'ada');
  const postId = await author.post('short', await smallPhotograph(1));
  await waitFor('the post', async () => (await author.expect<Post>(200, 'GET', `/v1/posts/${postId}`)).mediaUrl);
  const comments = `/v1/posts/${postId}/comments`;
  const photo = { contentType: 'image/jpeg' };
  const refused: readonly [string, string, unknown, RegExp, RegExp][] = [
    ['POST', comments, { text: '🌊'.repeat(1001) }, /text/, /1000 characters/],
    ['POST', comments, { text: ' \n ' }, /text/, /empty/],
    ['PUT', `/v1/posts/${postId}`, { caption: 'x'.repeat(2201) }, /caption/, /2200 characters/],
    ['POST', '/v1/posts', { photos: [{ ...photo, altText: 'x'.repeat(1001) }] }, /altText/, /1000 characters/],
    ['POST', '/v1/posts', { photos: Array.from({ length: 11 }, () => photo) }, /photos/, /10/],
  ];
  for (const [method, path, body, field, bound] of refused) {
    const answer = await author.call<Refusal>(method, path, { body });
    t.is(answer.status, 400, JSON.stringify(answer.body));
    t.is(answer.body.code, 'invalid-request');
    t.regex(answer.body.errors?.[0]?.field ?? '', field);
    t.regex(answer.body.errors?.[0]?.reason ?? '', bound);
  }
  await author.expect(201, 'POST', comments, { body: { text: '🌊'.repeat(1000) } });
  const self = await author.call<Refusal>('POST', '/v1/follows', { body: { followedId: author.id } });
  t.deepEqual([self.status, self.body.code], [400, 'invalid-request']);
  const draft = await author.expect<{ postId: string }>(201, 'POST', '/v1/posts', { body: { caption: 'draft' } });
  const stranger = await Person.register(target.url, 'ben');
  for (const id of [draft.postId, '0000000000000']) {
    t.is((await stranger.call<Refusal>('PUT', `/v1/posts/${id}/like`)).body.code, 'not-found');
    const comment = await stranger.call<Refusal>('POST', `/v1/posts/${id}/comments`, { body: { text: 'x' } });
    t.is(comment.body.code, 'not-found');
  }
});
