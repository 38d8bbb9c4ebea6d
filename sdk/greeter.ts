/**
 * How a connection introduces itself: with the ticket of the last one where it is still good (that costs the server next
 * to nothing), else with an access token; with the position to resume from; in the upgrade request where both are there.
 */
import { clientLimits } from './limits.ts';
import type { Platform } from './platform.ts';
import { type ClientMessage, PROTOCOL, type ResumePoint } from './wire.ts';

export interface AccessToken {
  readonly text: string;
  readonly expiresAtMs: number;
}

export interface LiveCredentials {
  /** A token that is good for a while yet. `refused`: one that was not taken, to be replaced. Rejects `signed-out`. */
  accessToken(refused?: string): Promise<AccessToken>;
  /** Calls back with each token that was renewed. Returns how to stop. */
  onFresh?(listener: (token: string) => void): () => void;
}

export interface Target {
  readonly url: string;
  readonly protocols: readonly string[];
  /** The first frame; null when the upgrade request says it all. */
  readonly hello: ClientMessage | null;
}

type Hello = Extract<ClientMessage, { readonly t: 'hello' }>;

type Shown = { readonly kind: 'ticket' } | { readonly kind: 'token'; readonly token: AccessToken };

export class Greeter {
  private readonly platform: Platform;
  private readonly options: {
    readonly url: string;
    readonly device: string;
    readonly credentials: LiveCredentials;
    readonly resumeInUpgrade?: boolean;
  };
  /** What the server may use towards this client, as fields of a hello. */
  private capabilities: Pick<Hello, 'caps'>;
  private ticket: { readonly text: string; readonly untilMs: number } | null = null;
  private shown: Shown | null = null;
  private refusedToken: string | null = null;
  private refusals = 0;

  constructor(platform: Platform, options: Greeter['options']) {
    this.platform = platform;
    this.options = options;
    this.capabilities = platform.inflate === null ? {} : { caps: ['deflate'] };
  }

  takeTicket(ticket: string): void {
    this.ticket = { text: ticket, untilMs: this.platform.now() + clientLimits.ticketTrustMs };
  }

  /** From now on: what could not be read would come again and again, after every resume. */
  askForText(): void {
    this.capabilities = {};
  }

  /** The last greeting was taken. */
  forgive(): void {
    this.refusals = 0;
    this.refusedToken = null;
  }

  /**
   * What was shown is not taken (any more). False when there is nothing left to show. `greeted`: it was taken at first,
   * and ran out since.
   */
  refused(greeted: boolean): boolean {
    this.ticket = null;
    if (this.shown?.kind === 'token') {
      this.refusedToken = this.shown.token.text;
      if (!greeted) this.refusals++;
    }
    return this.refusals < 2;
  }

  async prepare(resume: ResumePoint | null): Promise<Target> {
    const url = `${this.options.url.replace(/^http/, 'ws').replace(/\/+$/, '')}/v1/live`;
    const { device } = this.options;
    const { capabilities } = this;
    const resuming = resume === null ? {} : { resume };
    const ticket = this.ticket !== null && this.ticket.untilMs > this.platform.now() ? this.ticket.text : null;
    if (ticket !== null) {
      this.shown = { kind: 'ticket' };
      if (resume !== null && this.options.resumeInUpgrade !== false) {
        const offer = base64Url({ ticket, ...resume, ...capabilities });
        return { url, protocols: [PROTOCOL, `resume.${offer}`], hello: null };
      }
      return { url, protocols: [PROTOCOL], hello: { t: 'hello', ticket, device, ...resuming, ...capabilities } };
    }
    const token = await this.token();
    this.shown = { kind: 'token', token };
    const hello: Hello = { t: 'hello', token: token.text, device, ...resuming, ...capabilities };
    return { url, protocols: [PROTOCOL], hello };
  }

  private token(): Promise<AccessToken> {
    const refused = this.refusedToken;
    return refused === null ? this.options.credentials.accessToken() : this.options.credentials.accessToken(refused);
  }
}

/** The characters of base64url are all allowed in the name of a subprotocol. */
function base64Url(value: unknown): string {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  return text.replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}
