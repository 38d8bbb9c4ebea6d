/** A real Chromium, and what a person does on the page with it. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Browser, type BrowserContext, chromium, type Locator, type Page } from 'playwright-core';
import { waitFor } from './wait-for.ts';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export const PHONE = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: FLAGS });
}

export async function buildPage(): Promise<void> {
  await promisify(execFile)(process.execPath, ['scripts/build-web.ts']);
}

/** One window, with everything the page complained about. */
export interface Window {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly complaints: string[];
}

export async function openWindow(browser: Browser, url: string, shared?: BrowserContext): Promise<Window> {
  const context = shared ?? (await browser.newContext({ ...PHONE, baseURL: url }));
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(`console: ${message.text()}`);
  });
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return { page, context, complaints };
}

export async function signUp({ page }: Window, username: string): Promise<void> {
  await page.goto('/signup');
  await page.getByTestId('signup-username').fill(username);
  await page.getByTestId('signup-email').fill(`${username}@example.org`);
  await page.getByTestId('signup-password').fill('correct horse battery');
  await page.getByTestId('signup-submit').click();
  await isLive(page);
}

/** After a crash, the wait between two tries to connect grows up to half a minute. */
export async function isLive(page: Page): Promise<void> {
  await page.locator('[data-testid=connection][data-state=live]').waitFor({ timeout: 45_000 });
}

export async function follow(page: Page, username: string): Promise<void> {
  await page.getByTestId('nav-find').click();
  await page.getByTestId('find-input').fill(username);
  await page.locator(`[data-testid=person][data-username="${username}"]`).getByTestId('follow').click();
  await page.locator('[data-testid=follow][data-following=true][aria-busy=false]').waitFor();
  await page.getByTestId('nav-home').click();
}

/** The file that the browser shows. While more sizes are being made it chooses anew, and for a moment has chosen none. */
export function chosenSource(image: Locator): Promise<string> {
  return waitFor('the browser to choose a size', async () => {
    const source = await image.evaluate((element: { currentSrc: string }) => element.currentSrc);
    return source === '' ? null : source;
  });
}

export interface Shared {
  readonly name: string;
  readonly bytes: Buffer;
  readonly caption: string;
  readonly altText?: string;
}

/** Shares a photo through the page; resolves when it is in the person's own feed. Returns the post's id. */
export async function share(page: Page, { name, bytes, caption, altText = '' }: Shared): Promise<string> {
  await page.getByTestId('nav-new').click();
  await page.getByTestId('photo-input').setInputFiles({ name, mimeType: 'image/jpeg', buffer: bytes });
  await page.getByTestId('preview').waitFor();
  await page.getByTestId('alt-text').fill(altText);
  await page.getByTestId('caption-input').fill(caption);
  await page.getByTestId('share').click();
  const post = page.getByTestId('post').filter({ hasText: caption }).first();
  await post.waitFor();
  return (await post.getAttribute('data-post-id')) ?? '';
}

export function postOf(page: Page, postId: string): ReturnType<Page['locator']> {
  return page.locator(`[data-testid=post][data-post-id="${postId}"]`);
}
