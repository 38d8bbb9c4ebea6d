/** A server of its own with the built page, a browser in front of it, and what a test asks of both. */
import type { Browser, Page } from 'playwright-core';
import { call, PASSWORD, Person, type SignedIn } from '../blackbox/api.ts';
import { buildPage, launchBrowser } from './browser.ts';
import { type RunningServer, startServer, temporaryFolder } from './server-process.ts';

export class BrowserStage {
  readonly browser: Browser;
  private server: RunningServer;
  private readonly removeFolder: () => Promise<void>;

  private constructor(browser: Browser, server: RunningServer, removeFolder: () => Promise<void>) {
    this.browser = browser;
    this.server = server;
    this.removeFolder = removeFolder;
  }

  static async open(): Promise<BrowserStage> {
    await buildPage();
    const folder = await temporaryFolder('browser');
    const server = await startServer({ dataDir: folder.path });
    return new BrowserStage(await launchBrowser(), server, () => folder.remove());
  }

  get url(): string {
    return this.server.url;
  }

  async killServer(): Promise<void> {
    await this.server.end('SIGKILL');
  }

  /** At the same address, with the same data. */
  async restartServer(): Promise<void> {
    const { dataDir, url } = this.server;
    this.server = await startServer({ dataDir, environment: { PORT: new URL(url).port } });
  }

  async close(): Promise<void> {
    await this.browser.close();
    await this.server.end('SIGTERM');
    await this.removeFolder();
  }
}

/** Signs in somebody who signed up on the page. */
export async function personOf(url: string, username: string): Promise<Person> {
  const answer = await call<SignedIn>(`${url}/v1/login`, 'POST', { body: { email: username, password: PASSWORD } });
  if (answer.status !== 200) throw new Error(`login answered ${answer.status}`);
  return new Person(url, answer.body);
}

interface AccessibilityNode {
  readonly ignored: boolean;
  readonly role?: { readonly value: string };
  readonly name?: { readonly value: string };
}

const NAMED_ROLES = /^(button|link|textbox|searchbox|checkbox|radio|combobox|slider|tab|menuitem|switch|image|img)$/;

/** Roles of controls and pictures for which the browser computes no accessible name. */
export async function namelessControls(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = (await session.send('Accessibility.getFullAXTree')) as unknown as { nodes: AccessibilityNode[] };
  await session.detach();
  const controls = nodes.filter((node) => !node.ignored && NAMED_ROLES.test(node.role?.value ?? ''));
  if (controls.length === 0) throw new Error(`no control was found on ${page.url()}`);
  return controls.filter((node) => (node.name?.value ?? '').trim() === '').map((node) => node.role?.value ?? '');
}

/** Presses Tab until the control has the focus. */
export async function tabTo(page: Page, testId: string, pressesMax = 80): Promise<void> {
  for (let presses = 0; presses < pressesMax; presses++) {
    if ((await page.locator(`[data-testid="${testId}"]:focus`).count()) > 0) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not reach ${testId}`);
}
