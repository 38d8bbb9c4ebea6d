/** One photograph of a real camera on its way from one browser to another: live, without its position, upright, fitting. */
import test from 'ava';
import exifr from 'exifr';
import type { Page, Response } from 'playwright-core';
import sharp from 'sharp';
import { chosenSource, follow, isLive, openWindow, postOf, signUp } from '../support/browser.ts';
import { BrowserStage } from '../support/browser-stage.ts';
import { largePhotographWithPosition } from '../support/photographs.ts';
import { waitFor } from '../support/wait-for.ts';

const RENDITION_WIDTHS = [150, 320, 640, 1080];

let stage: BrowserStage;
test.before(async () => {
  stage = await BrowserStage.open();
});
test.after.always(() => stage.close());

/** Every file that the page's own network fetched, as the server sent it. */
function recordFiles(page: Page): Response[] {
  const files: Response[] = [];
  page.on('response', (response) => files.push(response));
  return files;
}

/** How far the progress bar was seen to go, in the order in which it moved. Kept by the page itself. */
const RECORD_PROGRESS = `window.progressSeen = [];
new MutationObserver(() => {
  const bar = document.querySelector('[data-testid=upload-progress]');
  if (bar) window.progressSeen.push(bar.outerHTML);
}).observe(document, { subtree: true, childList: true, attributes: true });`;

test.serial(
  '12 megapixels with position and turned sensor arrive live, without position, upright, in the right width',
  async (t) => {
    const author = await openWindow(stage.browser, stage.url);
    const follower = await openWindow(stage.browser, stage.url);
    await author.page.addInitScript(RECORD_PROGRESS);
    const files = recordFiles(follower.page);
    await signUp(author, 'ada');
    await signUp(follower, 'ben');
    await follow(follower.page, 'ada');
    await isLive(follower.page);
    const original = await largePhotographWithPosition();
    const camera = (await exifr.parse(original, { gps: true, translateValues: false })) as Record<string, unknown>;
    t.like(camera, { Make: 'TestCamera', Orientation: 6 }, 'the photograph has what must not arrive');
    t.truthy(await exifr.gps(original));

    await author.page.getByTestId('nav-new').click();
    await author.page
      .getByTestId('photo-input')
      .setInputFiles({ name: 'DSC_0042.JPG', mimeType: 'image/jpeg', buffer: original });
    const preview = author.page.getByTestId('preview');
    await preview.waitFor();
    await author.page.getByTestId('caption-input').fill('first light');
    let uploadedAtMs = 0;
    author.page.on('response', (response) => {
      if (response.request().method() === 'PUT' && response.ok()) uploadedAtMs = Date.now();
    });
    await author.page.getByTestId('share').click();
    const post = follower.page.getByTestId('post').filter({ hasText: 'first light' });
    await post.waitFor({ timeout: 30_000 });
    const shownAtMs = Date.now();
    const postId = (await post.getAttribute('data-post-id')) ?? '';
    const progress = await author.page.evaluate<string[]>('window.progressSeen');
    t.true(progress.length > 0, 'the upload showed its progress');

    const image = post.getByTestId('photo');
    const fetched = await waitFor('the photograph to be fetched', async () => {
      const source = await chosenSource(image);
      return files.find((file) => file.url() === source && file.ok());
    });
    const body = await fetched.body();
    t.log({ uploadedToShownMs: shownAtMs - uploadedAtMs, url: fetched.url(), bytes: body.length });
    const metadata = await sharp(body).metadata();
    t.is(metadata.exif, undefined);
    t.is(metadata.orientation, undefined);
    t.false(body.includes('TestCamera'));
    t.is(await exifr.gps(body).catch(() => undefined), undefined);
    t.true(metadata.height > metadata.width, 'it stands upright');
    const box = await image.boundingBox();
    const pixels = (box?.width ?? 0) * (await follower.page.evaluate<number>('devicePixelRatio'));
    t.is(metadata.width, RENDITION_WIDTHS.find((width) => width >= pixels) ?? 1080, `${pixels} pixels are needed`);
    t.is(await postOf(follower.page, postId).count(), 1);
    t.deepEqual([...author.complaints, ...follower.complaints], []);
  },
);
