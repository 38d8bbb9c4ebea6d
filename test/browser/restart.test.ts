/** The server is killed under two open pages: they say so, come back by themselves, and show what they missed once. */
import test from 'ava';
import { follow, isLive, openWindow, signUp } from '../support/browser.ts';
import { BrowserStage, personOf } from '../support/browser-stage.ts';
import { smallPhotograph } from '../support/photographs.ts';
import { waitFor } from '../support/wait-for.ts';
import type { Post } from '../blackbox/api.ts';

let stage: BrowserStage;
test.before(async () => {
  stage = await BrowserStage.open();
});
test.after.always(() => stage.close());

test.serial(
  'killed and started again, and a post was made meanwhile: the page is live again and shows it once',
  async (t) => {
    const author = await openWindow(stage.browser, stage.url);
    const follower = await openWindow(stage.browser, stage.url);
    await signUp(author, 'ada');
    await signUp(follower, 'ben');
    await follow(follower.page, 'ada');
    await isLive(follower.page);

    await stage.killServer();
    await follower.page.locator('[data-testid=connection][data-state=reconnecting]').waitFor();
    await follower.context.setOffline(true);
    await stage.restartServer();
    const ada = await personOf(stage.url, 'ada');
    const postId = await ada.post('made meanwhile', await smallPhotograph(3));
    await waitFor('the post to be live', async () => {
      const post = await ada.expect<Post>(200, 'GET', `/v1/posts/${postId}`);
      return post.mediaUrl !== null;
    });
    t.is(await follower.page.getByTestId('post').count(), 0);

    await follower.context.setOffline(false);
    await isLive(follower.page);
    await isLive(author.page);
    await follower.page.getByTestId('post').filter({ hasText: 'made meanwhile' }).waitFor({ timeout: 40_000 });
    t.is(await follower.page.getByTestId('post').count(), 1);
    const later = await ada.post('made afterwards', await smallPhotograph(4));
    await follower.page.locator(`[data-post-id="${later}"]`).waitFor();
    t.is(await follower.page.getByTestId('post').count(), 2);
  },
);
