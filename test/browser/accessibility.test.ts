/** Who sees nothing or uses no mouse can do everything. */
import test from 'ava';
import { follow, openWindow, postOf, share, signUp } from '../support/browser.ts';
import { BrowserStage, namelessControls, tabTo } from '../support/browser-stage.ts';
import { smallPhotograph } from '../support/photographs.ts';

let stage: BrowserStage;
test.before(async () => {
  stage = await BrowserStage.open();
});
test.after.always(() => stage.close());

test.serial('liking and commenting take nothing but Tab and Enter; every control and picture has a name', async (t) => {
  const author = await openWindow(stage.browser, stage.url);
  const reader = await openWindow(stage.browser, stage.url);
  const nameless: Record<string, string[]> = {};
  const examine = async (): Promise<void> => {
    nameless[new URL(reader.page.url()).pathname] = await namelessControls(reader.page);
  };
  await reader.page.goto('/login');
  await reader.page.getByTestId('login-submit').waitFor();
  await examine();
  await reader.page.goto('/signup');
  await reader.page.getByTestId('signup-submit').waitFor();
  await examine();
  await signUp(author, 'ada');
  await signUp(reader, 'ben');
  await follow(reader.page, 'ada');
  const postId = await share(author.page, { name: 'a.jpg', bytes: await smallPhotograph(1), caption: 'a hill' });
  const { page } = reader;
  await postOf(page, postId).waitFor();
  await examine();

  await tabTo(page, 'like');
  await page.keyboard.press('Enter');
  await postOf(author.page, postId).locator('[data-testid=like-count][data-count="1"]').waitFor();
  await page.keyboard.press('Tab');
  t.is(await page.locator(':focus').getAttribute('aria-label'), 'Comments');
  await page.keyboard.press('Enter');
  await page.getByTestId('comments').waitFor();
  await tabTo(page, 'comment-input');
  await page.keyboard.type('Lovely');
  await tabTo(page, 'send-comment');
  await page.keyboard.press('Enter');
  await page.getByTestId('comment').filter({ hasText: 'Lovely' }).waitFor();
  await postOf(author.page, postId).locator('[data-testid=comment-count][data-count="1"]').waitFor();
  await examine();

  for (const path of ['/u/ada', '/new', '/notifications', '/find', '/settings']) {
    await page.goto(path);
    await page.locator('h1, [data-testid=profile-name]').first().waitFor();
    await page.locator('[data-testid=connection][data-state=live]').waitFor();
    await examine();
  }
  t.deepEqual(
    Object.entries(nameless).filter(([, roles]) => roles.length > 0),
    [],
  );
  t.is(await page.locator('img:not([alt])').count(), 0);
  t.deepEqual([...author.complaints, ...reader.complaints], []);
});
