import { readdirSync, readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { z } from 'zod';
import { defineOperation } from '../../src/gateway/operation.ts';
import { closeCodeTable } from '../../src/gateway/protocol/close-codes.ts';
import { echo, type Harness, POST_ID, startGateway, until } from './support/harness.ts';
import { LiveClient, type Received, resumeProtocol } from './support/live-client.ts';

type Step =
  | { readonly connect: { readonly protocols: string[]; readonly resume?: unknown } }
  | { readonly send: unknown }
  | { readonly receive: { readonly t: string } }
  | { readonly closed: { readonly code: number; readonly reason: string } }
  | { readonly happens: 'post' | 'counts' | 'reactivation' | 'cut' | 'drain' };

const folder = new URL('../../docs/protocol-transcripts/', import.meta.url);

/** What `sync` answers in the transcripts: everything that ever happened. */
const sync = defineOperation({
  name: 'sync',
  summary: 'Catch up on missed events.',
  method: 'GET',
  paths: ['/v1/sync'],
  auth: 'user',
  rate: 'read',
  status: 200,
  input: z.object({ cursor: z.string() }),
  output: z.unknown(),
  handle: async ({ now }) => ({
    events: ['post.new:1', 'post.new:2'].map((id) => ({
      id,
      type: 'post.new',
      at: new Date(now).toISOString(),
      data: {},
    })),
    cursor: 'cursor-kept',
    done: true,
    reset: null,
  }),
});

class Replay {
  private readonly t: ExecutionContext;
  private readonly node: Harness;
  private readonly values = new Map<string, unknown>([
    ['token', 'token-ann-s1'],
    ['postId', POST_ID],
  ]);
  private client: LiveClient | null = null;
  private readonly taken = new Set<Received>();

  constructor(t: ExecutionContext, node: Harness) {
    this.t = t;
    this.node = node;
  }

  async run(step: Step): Promise<void> {
    if ('connect' in step) {
      const { protocols, resume } = step.connect;
      const offered = resume === undefined ? protocols : [...protocols, resumeProtocol(this.filled(resume))];
      this.client = await new LiveClient(this.node.liveUrl, offered).opened();
    } else if ('send' in step) {
      this.client?.send(this.filled(step.send));
    } else if ('receive' in step) {
      this.matches(await this.nextOf(step.receive.t), step.receive, step.receive.t);
    } else if ('closed' in step) {
      this.t.deepEqual(await this.client?.closing(), step.closed);
    } else {
      await this.happens(step.happens);
    }
  }

  private async happens(what: Extract<Step, { happens: string }>['happens']): Promise<void> {
    switch (what) {
      case 'post':
        this.node.sessions.append('ann', { id: POST_ID, version: 1 });
        return;
      case 'counts':
        await until(() => this.node.topics.subscribers.has(`post:${POST_ID}`), 'the subscription');
        this.node.topics.publish(`post:${POST_ID}`, 'counts', { postId: POST_ID, likeCount: 1 });
        return;
      case 'reactivation':
        this.node.sessions.reactivate('ann');
        return;
      case 'cut':
        this.client?.socket.terminate();
        await until(() => this.node.sessions.count === 0, 'the end of the connection');
        return;
      case 'drain':
        void this.node.gateway.drain();
        return;
    }
  }

  private async nextOf(type: string): Promise<Received> {
    const { client, taken } = this;
    const waiting = () => client?.received.find((message) => message.t === type && !taken.has(message));
    await until(() => waiting() !== undefined || client?.closed !== null, `a message ${type}`);
    const message = waiting();
    if (message === undefined) throw new Error(`closed before ${type}: ${JSON.stringify(client?.closed)}`);
    taken.add(message);
    return message;
  }

  private filled(value: unknown): unknown {
    const valueOf = (name: string): string => {
      const found = this.values.get(name);
      return typeof found === 'string' ? found : JSON.stringify(found ?? null);
    };
    return JSON.parse(JSON.stringify(value).replaceAll(/\$(\w+)/g, (_, name: string) => valueOf(name)));
  }

  /** Everything expected is there; a placeholder takes the value it meets first. */
  private matches(actual: unknown, expected: unknown, path: string): void {
    if (typeof expected === 'string' && expected.startsWith('$')) {
      const name = expected.slice(1);
      if (!this.values.has(name)) this.values.set(name, actual);
      this.t.is(actual, this.values.get(name), `${path} is ${expected}`);
    } else if (typeof expected === 'object' && expected !== null) {
      for (const [key, value] of Object.entries(expected)) {
        this.matches((actual as Record<string, unknown> | undefined)?.[key], value, `${path}.${key}`);
      }
    } else {
      this.t.is(actual, this.filled(expected), path);
    }
  }
}

for (const name of readdirSync(folder)) {
  const { title, steps } = JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as { title: string; steps: Step[] };
  test(`${name}: ${title}`, async (t) => {
    const node = await startGateway({ operations: [echo, sync], limits: { drainSpreadMs: 50 } });
    node.sessions.resident.add('ann');
    const replay = new Replay(t, node);
    for (const step of steps) await replay.run(step);
    await node.close();
    t.pass();
  });
}

test('the table of close codes in the document is the catalogue’s', (t) => {
  const document = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
  const table = /<!-- close-codes:begin[^>]*-->\n([\s\S]*?)<!-- close-codes:end -->/.exec(document)?.[1];
  t.is(table?.trim(), closeCodeTable());
});
