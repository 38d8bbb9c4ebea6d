/** The product as a system under test: started as users start it, and made to do something over its own HTTP interface. */
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import type { PostId } from '../../src/ids.ts';
import { Program } from '../harness/calls.ts';
import { markedCaption, nowUs } from '../harness/markers.ts';
import { untilQuiet } from '../harness/rest.ts';
import type { Scale } from '../harness/scenario.ts';
import type { LoadTarget } from '../load/load-calls.ts';
import type { ProductCalls } from './product-server.ts';
import type { Person, World } from './world.ts';

const WARM_UP_COMMANDS = { small: 100, full: 3_000 } as const;
const ENTRY = join(import.meta.dirname, 'product-server.ts');

export interface HttpAnswer {
  readonly status: number;
  readonly body: Buffer;
}

export class Product {
  readonly world: World;
  readonly program: Program<ProductCalls>;
  readonly port: number;
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 256 });

  private constructor(world: World, program: Program<ProductCalls>, port: number) {
    this.world = world;
    this.program = program;
    this.port = port;
  }

  /**
   * Default configuration, beside port, folder, secret, rate limits and log level. Resolves when all that a start does is done:
   * a server compares its photographs with its rows behind it, and not again for an hour.
   */
  static async start(world: World, nodeFlags: readonly string[] = []): Promise<Product> {
    const program = new Program<ProductCalls>(ENTRY, {
      nodeFlags: ['--expose-gc', ...nodeFlags],
      environment: {
        PORT: '0',
        DATA_DIR: world.dataDir,
        SECRET: world.secret,
        RATE_LIMIT_FACTOR: '1000000',
        LOG_LEVEL: 'warn',
      },
    });
    const { port } = await program.call('listen', null);
    await untilQuiet(program.pid);
    return new Product(world, program, port);
  }

  /**
   * Carries out commands while nobody is connected. A server that has been up for some minutes has compiled what carries them
   * out; peers have no commands, and what they do is compiled after one round.
   */
  async warmUp(authors: readonly Person[], scale: Scale): Promise<void> {
    for (let number = 0; number * authors.length < WARM_UP_COMMANDS[scale]; number++) {
      await Promise.all(authors.map((author, stream) => this.edit(author, stream, number)));
    }
    await untilQuiet(this.program.pid);
  }

  get target(): LoadTarget {
    return { dialect: 'native', host: '127.0.0.1', port: this.port };
  }

  async stop(): Promise<void> {
    this.agent.destroy();
    await this.program.call('saveProfile', null).catch(() => null);
    await this.program.stop();
  }

  /** Event `number` of the stream: the newest post of the author gets another caption. Followers hear `post.updated`. */
  async edit(author: Person, stream: number, number: number, sentAtUs = nowUs()): Promise<void> {
    const caption = markedCaption({ stream, number, sentAtUs });
    const postId = author.posts.at(-1);
    await this.expect(200, 'PUT', `/v1/posts/${postId}`, { by: author, json: { caption } });
  }

  async delete(author: Person, postId: PostId): Promise<void> {
    await this.expect(204, 'DELETE', `/v1/posts/${postId}`, { by: author });
  }

  async expect(status: number, method: string, path: string, options: CallOptions = {}): Promise<HttpAnswer> {
    const answer = await this.http(method, path, options);
    if (answer.status !== status) throw new Error(`${method} ${path}: ${answer.status} ${answer.body.toString()}`);
    return answer;
  }

  http(method: string, path: string, { by, json, body, headers }: CallOptions = {}): Promise<HttpAnswer> {
    const payload = json === undefined ? body : Buffer.from(JSON.stringify(json));
    return new Promise((resolve, reject) => {
      const outgoing = request(
        {
          host: '127.0.0.1',
          port: this.port,
          method,
          path,
          agent: this.agent,
          headers: {
            ...(by === undefined ? {} : { authorization: `Bearer ${this.world.token(by)}` }),
            ...(json === undefined ? {} : { 'content-type': 'application/json' }),
            ...(payload === undefined ? {} : { 'content-length': payload.length }),
            ...headers,
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks) }));
          response.on('error', reject);
        },
      );
      outgoing.on('error', reject);
      outgoing.end(payload);
    });
  }
}

export interface CallOptions {
  /** Whose access token is sent. */
  readonly by?: Person;
  readonly json?: unknown;
  readonly body?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}
