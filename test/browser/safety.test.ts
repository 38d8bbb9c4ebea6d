/** What people write is text: nothing of it runs, wherever the page shows it, and were it to slip through, the policy stops it. */
import test from 'ava';
import type { Page } from 'playwright-core';
import { follow, openWindow, postOf, share, signUp } from '../support/browser.ts';
import { BrowserStage, personOf } from '../support/browser-stage.ts';
import { smallPhotograph } from '../support/photographs.ts';
import { waitFor } from '../support/wait-for.ts';

const EVIL = `<img src=x onerror="window.ran=1"><script>window.ran=2</script><a href="javascript:window.ran=3">x</a>`;
const RECORD_VIOLATIONS = `window.violations = [];
document.addEventListener('securitypolicyviolation', (event) => window.violations.push(event.violatedDirective));`;

let stage: BrowserStage;
test.before(async () => {
  stage = await BrowserStage.open();
});
test.after.always(() => stage.close());

async function harmless(page: Page): Promise<{ ran: unknown; violations: unknown }> {
  return { ran: (await page.evaluate('window.ran')) ?? null, violations: await page.evaluate('window.violations') };
}

test.serial(
  'scripts in a caption, a bio, a name, a comment, an alternative text and a file name are shown, never run',
  async (t) => {
    const author = await openWindow(stage.browser, stage.url);
    const reader = await openWindow(stage.browser, stage.url);
    for (const { page } of [author, reader]) await page.addInitScript(RECORD_VIOLATIONS);
    await signUp(author, 'ada');
    await signUp(reader, 'ben');
    await follow(reader.page, 'ada');
    const profile = { bio: EVIL, displayName: EVIL.slice(0, 50) };
    await (await personOf(stage.url, 'ada')).expect(200, 'PATCH', '/v1/me', { body: profile });
    const name = `${EVIL}.jpg`;
    const postId = await share(author.page, { name, bytes: await smallPhotograph(1), caption: EVIL, altText: EVIL });
    await postOf(reader.page, postId).waitFor();
    t.true((await postOf(reader.page, postId).getByTestId('caption').innerText()).includes(EVIL));
    t.is(await postOf(reader.page, postId).getByTestId('photo').getAttribute('alt'), EVIL);

    await author.page.goto(`/p/${postId}`);
    await author.page.getByTestId('comments').waitFor();
    await reader.page.goto(`/p/${postId}`);
    await reader.page.getByTestId('comment-input').fill(EVIL);
    await reader.page.getByTestId('send-comment').click();
    const comment = author.page.getByTestId('comment').filter({ hasText: 'window.ran' });
    await comment.waitFor();
    t.true((await comment.innerText()).includes(EVIL));
    await author.page.getByTestId('nav-notifications').click();
    await author.page.locator('[data-testid=notification][data-kind=comment]').waitFor();
    t.deepEqual(await harmless(author.page), { ran: null, violations: [] });
    await reader.page.goto('/u/ada');
    await reader.page.getByTestId('profile-bio').waitFor();
    t.is(await reader.page.getByTestId('profile-bio').innerText(), EVIL);
    t.deepEqual(await harmless(reader.page), { ran: null, violations: [] });
    t.deepEqual([...author.complaints, ...reader.complaints], []);
  },
);

test.serial('were markup to slip through, the content security policy would refuse to run it', async (t) => {
  const { page } = await openWindow(stage.browser, stage.url);
  await page.addInitScript(RECORD_VIOLATIONS);
  await page.goto('/');
  await page.getByTestId('signup-submit').waitFor();
  await page.evaluate(`{
    const script = document.createElement('script');
    script.textContent = 'window.ran = 1';
    document.body.append(script);
    document.body.insertAdjacentHTML('beforeend', '<img src="data:," onerror="window.ran = 2">');
  }`);
  const violations = await waitFor('both refusals', async () => {
    const seen = await page.evaluate<string[]>('window.violations');
    return seen.length >= 2 ? seen : null;
  });
  t.true(violations.every((directive) => directive.startsWith('script-src')));
  t.is(await page.evaluate('window.ran'), undefined);
});
