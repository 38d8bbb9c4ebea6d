/** What several phones are told at once comes deflated to a real browser, between frames of text, and is shown in its order. */
import test from 'ava';
import type { Page } from 'playwright-core';
import { follow, isLive, openWindow, share, signUp } from '../support/browser.ts';
import { BrowserStage } from '../support/browser-stage.ts';
import { photographOfWidth } from '../support/photographs.ts';

const POSTS = 3;

let stage: BrowserStage;
test.before(async () => {
  stage = await BrowserStage.open();
});
test.after.always(() => stage.close());

interface Frames {
  binary: number;
  text: number;
}

/** Frames that the page received from now on. */
function framesOf(page: Page): Frames {
  const frames = { binary: 0, text: 0 };
  page.on('websocket', (socket) => {
    socket.on('framereceived', ({ payload }) => {
      if (typeof payload === 'string') frames.text++;
      else frames.binary++;
    });
  });
  return frames;
}

test.serial(
  'posts appear on the pages of all followers, newest first, from deflated frames and from text',
  async (t) => {
    const author = await openWindow(stage.browser, stage.url);
    await signUp(author, 'ada');
    const followers = [];
    for (const name of ['ben', 'cleo', 'dan']) {
      const window = await openWindow(stage.browser, stage.url);
      const frames = framesOf(window.page);
      await signUp(window, name);
      await follow(window.page, 'ada');
      await isLive(window.page);
      followers.push({ ...window, frames });
    }
    const posts: string[] = [];
    for (let number = 1; number <= POSTS; number++) {
      const bytes = await photographOfWidth(1200, number);
      posts.unshift(await share(author.page, { name: 'walk.jpg', bytes, caption: `walk ${number}` }));
      for (const { page } of followers) await page.locator(`[data-post-id="${posts[0]}"]`).waitFor();
    }
    for (const { page, frames, complaints } of followers) {
      const shown = await page
        .getByTestId('post')
        .evaluateAll((each) =>
          each.map((post) => (post as unknown as { dataset: Record<string, string> }).dataset['postId']),
        );
      t.deepEqual(shown, posts);
      t.true(frames.text > 0);
      t.deepEqual(complaints, []);
    }
    t.true(followers.filter(({ frames }) => frames.binary > 0).length >= 2, 'all but one may be told together');
  },
);
