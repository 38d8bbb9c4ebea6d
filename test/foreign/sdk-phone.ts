/** A phone made of the SDK, on the native endpoint. */
import { Client, type Live, memoryStorage, type TextStorage } from '../../sdk/index.ts';
import { PASSWORD } from '../blackbox/api.ts';
import { waitFor } from '../support/wait-for.ts';
import type { Account, ForeignPhone, ShownEvent } from './foreign-phone.ts';

export class SdkPhone implements ForeignPhone {
  readonly shown: ShownEvent[] = [];
  readonly failures: unknown[] = [];
  private readonly account: Account;
  private readonly tokens: TextStorage = memoryStorage();
  private readonly position: TextStorage = memoryStorage();
  private live: Live | null = null;

  constructor(account: Account) {
    this.account = account;
  }

  async start(): Promise<void> {
    const client = new Client({ url: this.account.url, device: 'sdk-phone', tokenStorage: this.tokens });
    if (client.account === null) await client.login(this.account.username, PASSWORD);
    const live = client.live(
      {
        event: (event) => this.shown.push(event as unknown as ShownEvent),
        reload: () => client.feed(),
        failed: (error) => this.failures.push(error),
      },
      { storage: this.position },
    );
    this.live = live;
    live.start();
    await waitFor('the connection to be live', () => live.status.kind === 'live');
  }

  async kill(): Promise<void> {
    this.live?.stop();
    this.live = null;
  }

  discard(): Promise<void> {
    return this.kill();
  }

  async perform(operation: string, params: unknown): Promise<unknown> {
    const live = await waitFor('a live connection', () => (this.live?.status.kind === 'live' ? this.live : null));
    return live.call(operation, params);
  }

  stored(eventId: string): boolean {
    const kept = this.position.read();
    return kept !== null && kept.includes(JSON.stringify(eventId)) && this.live?.status.kind === 'live';
  }
}
