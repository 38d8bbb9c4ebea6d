/** The page in a real browser against a real server: what two people see of each other, while it happens. */
import test from 'ava';
import exifr from 'exifr';
import type { Browser } from 'playwright-core';
import sharp from 'sharp';
import {
  buildPage,
  chosenSource,
  follow,
  isLive,
  launchBrowser,
  openWindow,
  postOf,
  share,
  signUp,
} from '../support/browser.ts';
import { largePhotographWithPosition, smallPhotograph } from '../support/photographs.ts';
import { type RunningServer, startServer, temporaryFolder } from '../support/server-process.ts';

interface Stage {
  readonly server: RunningServer;
  readonly browser: Browser;
}

async function withStage(run: (stage: Stage) => Promise<void>): Promise<void> {
  await buildPage();
  const folder = await temporaryFolder('browser');
  const server = await startServer({ dataDir: folder.path });
  const browser = await launchBrowser();
  try {
    await run({ server, browser });
  } finally {
    await browser.close();
    await server.end('SIGTERM');
    await folder.remove();
  }
}

const EVIL = '<img src=x onerror="alert(1)"><script>alert(2)</script>';

test.serial(
  'a photo appears on a follower’s page without reload, upright, without position, at the right width',
  async (t) => {
    await withStage(async ({ server, browser }) => {
      const author = await openWindow(browser, server.url);
      const follower = await openWindow(browser, server.url);
      await signUp(author, 'ada.l');
      await signUp(follower, 'bob');
      await follow(follower.page, 'ada.l');
      await isLive(follower.page);

      const bytes = await largePhotographWithPosition();
      const caption = `first light ${EVIL}`;
      const postId = await share(author.page, {
        name: `${EVIL.replaceAll('/', '')}.jpg`,
        bytes,
        caption,
        altText: 'a hill',
      });
      const post = postOf(follower.page, postId);
      await post.waitFor();
      t.true((await post.getByTestId('caption').innerText()).includes(EVIL));

      const image = post.getByTestId('photo');
      await image.evaluate((element: { decode(): Promise<void> }) => element.decode());
      const fetched = await chosenSource(image);
      const file = Buffer.from(await (await fetch(fetched)).arrayBuffer());
      t.is(await exifr.gps(file).catch(() => undefined), undefined);
      const { width, height } = await sharp(file).metadata();
      // 390 points at two pixels each: 1080 is the first width that is enough.
      t.is(width, 1080);
      t.true(height > width, 'the picture stands upright');
      t.is(await image.getAttribute('alt'), 'a hill');

      await author.page.goto('/settings');
      await author.page.getByTestId('bio').fill(EVIL);
      await author.page.getByTestId('save-profile').click();
      await follower.page.goto('/u/ada.l');
      t.is(await follower.page.getByTestId('profile-bio').innerText(), EVIL);
      t.deepEqual([...author.complaints, ...follower.complaints], []);
    });
  },
);

test.serial('likes, comments and the badge move live, in every window', async (t) => {
  await withStage(async ({ server, browser }) => {
    const author = await openWindow(browser, server.url);
    const friend = await openWindow(browser, server.url);
    await signUp(author, 'ada');
    await signUp(friend, 'bob');
    await follow(friend.page, 'ada');
    const second = await openWindow(browser, server.url, author.context);
    await second.page.goto('/');
    await isLive(second.page);
    for (const { page } of [author, second]) await page.getByTestId('badge').getByText('1').waitFor();

    const postId = await share(author.page, { name: 'a.jpg', bytes: await smallPhotograph(1), caption: 'one' });
    const mine = postOf(author.page, postId);
    const theirs = postOf(friend.page, postId);
    await theirs.getByTestId('like').click();
    await mine.locator('[data-testid=like-count][data-count="1"]').waitFor();
    t.is(await theirs.getByTestId('like').getAttribute('aria-pressed'), 'true');
    await theirs.getByTestId('like').click();
    await mine.locator('[data-testid=like-count][data-count="0"]').waitFor();
    await theirs.getByTestId('post-photos').dblclick();
    await mine.locator('[data-testid=like-count][data-count="1"]').waitFor();

    await mine.getByLabel('Comments').click();
    await author.page.getByTestId('comment-input').waitFor();
    await friend.page.goto(`/p/${postId}`);
    await friend.page.getByTestId('comment-input').fill('So good!');
    await friend.page.getByTestId('comment-input').press('Enter');
    await author.page.getByTestId('comment').filter({ hasText: 'So good!' }).waitFor();
    await author.page.locator('[data-testid=comment-count][data-count="1"]').waitFor();
    await friend.page.getByTestId('delete-comment').click();
    await author.page.getByTestId('comment').waitFor({ state: 'detached' });

    const badge = Number(await second.page.getByTestId('badge').innerText());
    t.true(badge >= 2, `the badge shows ${badge}`);
    await author.page.getByTestId('nav-notifications').click();
    await author.page.getByTestId('notification').first().waitFor();
    for (const { page } of [author, second]) await page.getByTestId('badge').waitFor({ state: 'detached' });
    t.deepEqual([...author.complaints, ...friend.complaints, ...second.complaints], []);
  });
});

test.serial('cut off, the page says so, comes back by itself, and shows what it missed', async (t) => {
  await withStage(async ({ server, browser }) => {
    const author = await openWindow(browser, server.url);
    const follower = await openWindow(browser, server.url);
    await signUp(author, 'ada');
    await signUp(follower, 'bob');
    await follow(follower.page, 'ada');
    await isLive(follower.page);
    await server.end('SIGKILL');
    await follower.page.locator('[data-testid=connection][data-state=reconnecting]').waitFor();
    const { port } = new URL(server.url);
    const again = await startServer({ dataDir: server.dataDir, environment: { PORT: port } });
    try {
      await isLive(author.page);
      await isLive(follower.page);
      const postId = await share(author.page, {
        name: 'a.jpg',
        bytes: await smallPhotograph(2),
        caption: 'we are back',
      });
      await postOf(follower.page, postId).waitFor();
      t.is(await follower.page.getByTestId('post').count(), 1);
    } finally {
      await again.end('SIGTERM');
    }
  });
});

test.serial('who reads further down is told of new posts instead of being moved', async (t) => {
  await withStage(async ({ server, browser }) => {
    const author = await openWindow(browser, server.url);
    const follower = await openWindow(browser, server.url);
    await signUp(author, 'ada');
    await signUp(follower, 'bob');
    await follow(follower.page, 'ada');
    for (const number of [1, 2, 3]) {
      const bytes = await smallPhotograph(number);
      await share(author.page, { name: 'a.jpg', bytes, caption: `number ${number}` });
    }
    await postOf(follower.page, '').first().waitFor({ state: 'detached' });
    await follower.page.getByTestId('post').nth(2).waitFor();
    await follower.page.getByTestId('post').nth(2).scrollIntoViewIfNeeded();
    await follower.page.mouse.wheel(0, 600);
    const before = await follower.page.getByTestId('post').count();
    const postId = await share(author.page, { name: 'a.jpg', bytes: await smallPhotograph(4), caption: 'number 4' });
    await follower.page.getByTestId('new-posts').waitFor();
    t.is(await follower.page.getByTestId('post').count(), before);
    await follower.page.getByTestId('new-posts').click();
    await postOf(follower.page, postId).waitFor();
    const captions = await follower.page.getByTestId('caption').allInnerTexts();
    t.deepEqual(captions, ['ada number 4', 'ada number 3', 'ada number 2', 'ada number 1']);
    t.deepEqual([...author.complaints, ...follower.complaints], []);
  });
});

test.serial('an account is made and left with the keyboard alone, and mistakes are named where they are', async (t) => {
  await withStage(async ({ server, browser }) => {
    const first = await openWindow(browser, server.url);
    await signUp(first, 'ada');
    const { page, complaints } = await openWindow(browser, server.url);
    await page.goto('/');
    await page.getByTestId('signup-username').focus();
    await page.keyboard.type('ada');
    await page.keyboard.press('Tab');
    await page.keyboard.type('new@example.org');
    await page.keyboard.press('Tab');
    await page.keyboard.type('correct horse battery');
    await page.keyboard.press('Enter');
    await page.getByText('That user name is taken.').waitFor();
    t.is(await page.getByTestId('signup-username').getAttribute('aria-invalid'), 'true');
    await page.getByTestId('signup-username').fill('bob');
    await page.keyboard.press('Enter');
    await isLive(page);
    await page.getByTestId('empty').waitFor();
    await page.getByTestId('nav-profile').focus();
    await page.keyboard.press('Enter');
    await page.getByTestId('edit-profile').focus();
    await page.keyboard.press('Enter');
    await page.getByTestId('display-name').waitFor();
    await page.getByTestId('logout').focus();
    await page.keyboard.press('Enter');
    await page.getByTestId('login-submit').waitFor();
    t.is(new URL(page.url()).pathname, '/login');
    // The browser itself reports the refusal of the taken name.
    t.deepEqual(
      complaints.filter((text) => !text.includes('409')),
      [],
    );
  });
});
