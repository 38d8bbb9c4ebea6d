/** A process full of phones. Started by the bench, which tells it what to do. */
import { clientLimits } from '../../sdk/limits.ts';
import { serveCalls } from '../harness/calls.ts';
import { DeliveryCheck } from '../harness/delivery-check.ts';
import { Histogram } from '../harness/histogram.ts';
import { eachMarker, nowUs } from '../harness/markers.ts';
import { dialectOf } from './dialects.ts';
import { EventsInflater } from './events-inflater.ts';
import { type ClientHost, LoadClient } from './load-client.ts';
import type { ClientIdentity, Greeting, LoadCalls, LoadReport, LoadTarget, OpenOutcome } from './load-calls.ts';
import { sharedReadBuffer } from './raw-websocket.ts';

const STREAMS_MAX = 64;
/** Handshakes slow down tenfold when more connections share a source address. */
const CLIENTS_PER_ADDRESS = 3_000;
const POLL_MS = 2;
/** How often clients are looked for that have owed an acknowledgement for long enough. */
const ACK_LOOK_MS = 250;

class Load {
  private readonly clients: LoadClient[] = [];
  private readonly check = new DeliveryCheck(STREAMS_MAX);
  private readonly latency = new Histogram();
  private readonly lastByNumber = new Map<number, number>();
  private readonly closeReasons = new Map<string, number>();
  private target: LoadTarget | null = null;
  private host: ClientHost | null = null;
  private frames = 0;
  private closed = 0;

  constructor() {
    setInterval(() => {
      const beforeMs = performance.now() - clientLimits.ackDelayMs;
      for (const client of this.clients) client.acknowledge(beforeMs);
    }, ACK_LOOK_MS);
  }

  open(input: LoadCalls['open']['input']): Promise<OpenOutcome> {
    this.target = input.target;
    this.host ??= this.makeHost(input.target);
    const { host } = this;
    const added = input.clients.map((identity) => this.add(host, identity, input.addressOffset));
    return this.connectAll(added, 'token', input.concurrency);
  }

  reopen(greeting: Greeting, concurrency: number): Promise<OpenOutcome> {
    return this.connectAll(this.clients, greeting, concurrency);
  }

  cut(): void {
    for (const client of this.clients) client.cut();
  }

  pause(count: number): void {
    for (const client of this.clients.slice(0, count)) client.pause();
  }

  resume(): void {
    for (const client of this.clients) client.resume();
  }

  begin(next: readonly number[]): void {
    this.check.begin(this.clients.length, next);
    this.latency.clear();
    this.lastByNumber.clear();
    this.closeReasons.clear();
    this.frames = 0;
    this.closed = 0;
  }

  async waitFor(delivered: number, timeoutMs: number): Promise<number> {
    const deadline = nowUs() + timeoutMs * 1000;
    while (this.check.delivered < delivered && nowUs() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
    return this.check.delivered;
  }

  acknowledge(): void {
    for (const client of this.clients) client.acknowledge();
  }

  latencySoFar(): number[] {
    return this.latency.toPairs();
  }

  finish(ends: readonly number[]): LoadReport {
    return {
      ...this.check.finish(ends),
      frames: this.frames,
      closed: this.closed,
      closeReasons: Object.fromEntries(this.closeReasons),
      latencyUs: this.latency.toPairs(),
      lastUs: [...this.lastByNumber.values()],
    };
  }

  private add(host: ClientHost, identity: ClientIdentity, addressOffset: number): LoadClient {
    const number = this.clients.length;
    const address = `127.0.0.${2 + addressOffset + Math.floor(number / CLIENTS_PER_ADDRESS)}`;
    const client = new LoadClient(host, number, identity, address);
    this.clients.push(client);
    return client;
  }

  private makeHost(target: LoadTarget): ClientHost {
    return {
      dialect: dialectOf(target.dialect),
      reading: sharedReadBuffer(),
      inflater: new EventsInflater(),
      events: (client, bytes, start, end) => this.events(client, bytes, start, end),
      brokenNumbering: () => this.check.brokenNumbering(),
      closed: (reason) => {
        this.closed++;
        this.closeReasons.set(reason, (this.closeReasons.get(reason) ?? 0) + 1);
      },
    };
  }

  private events(client: LoadClient, bytes: Buffer, start: number, end: number): number {
    this.frames++;
    const now = nowUs();
    return eachMarker(bytes, start, end, ({ stream, number, sentAtUs }) => {
      this.check.see(client.number, stream, number);
      if (sentAtUs === 0) return;
      this.latency.record(now - sentAtUs);
      this.lastByNumber.set(number, now - sentAtUs);
    });
  }

  private async connectAll(
    clients: readonly LoadClient[],
    greeting: Greeting,
    concurrency: number,
  ): Promise<OpenOutcome> {
    const { target } = this;
    if (target === null) throw new Error('nothing was opened yet');
    const handshake = new Histogram();
    const modes: Record<string, number> = {};
    let next = 0;
    let opened = 0;
    const worker = async (): Promise<void> => {
      for (let client = clients[next++]; client !== undefined; client = clients[next++]) {
        const startUs = nowUs();
        const mode = await client.connect(target, greeting);
        handshake.record(nowUs() - startUs);
        modes[mode] = (modes[mode] ?? 0) + 1;
        opened++;
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
    return { opened, modes, handshakeUs: handshake.toPairs() };
  }
}

const load = new Load();

serveCalls<LoadCalls>({
  open: (input) => load.open(input),
  reopen: ({ greeting, concurrency }) => load.reopen(greeting, concurrency),
  cut: () => {
    load.cut();
    return null;
  },
  begin: ({ next }) => {
    load.begin(next);
    return null;
  },
  waitFor: ({ delivered, timeoutMs }) => load.waitFor(delivered, timeoutMs),
  acknowledge: () => {
    load.acknowledge();
    return null;
  },
  latency: () => load.latencySoFar(),
  finish: ({ ends }) => load.finish(ends),
  pause: ({ count }) => {
    load.pause(count);
    return null;
  },
  resume: () => {
    load.resume();
    return null;
  },
});
