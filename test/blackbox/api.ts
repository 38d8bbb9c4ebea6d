/** A client of the REST interface that knows only URLs and documented shapes. */
import { randomUUID } from 'node:crypto';

export interface Answer<Body> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Body;
}

export interface CallOptions {
  readonly body?: unknown;
  readonly raw?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Post {
  readonly id: string;
  readonly userId: string;
  readonly caption: string;
  readonly mediaUrl: string | null;
  readonly uploadStatus: string;
  readonly version: number;
  readonly photos: readonly {
    readonly status: string;
    readonly width: number;
    readonly height: number;
    readonly thumbHash: string;
    readonly sources: readonly {
      readonly url: string;
      readonly format: string;
      readonly width: number;
      readonly height: number;
    }[];
  }[];
}

export interface Position {
  readonly epoch: string;
  readonly seq: number;
  readonly cursor: string;
}

export async function call<Body>(url: string, method: string, options: CallOptions = {}): Promise<Answer<Body>> {
  const response = await fetch(url, {
    method,
    headers: { ...(options.body === undefined ? {} : { 'content-type': 'application/json' }), ...options.headers },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    ...(options.raw === undefined ? {} : { body: new Uint8Array(options.raw) }),
  });
  const text = await response.text();
  const isJson = /json/.test(response.headers.get('content-type') ?? '');
  return { status: response.status, headers: response.headers, body: (isJson ? JSON.parse(text) : text) as Body };
}

/** Of every person in the tests. */
export const PASSWORD = 'correct horse battery';

/** A signed-in user. */
export class Person {
  readonly url: string;
  readonly id: string;
  readonly username: string;
  readonly accessToken: string;
  readonly refreshToken: string;

  constructor(url: string, signedIn: SignedIn) {
    this.url = url;
    this.id = signedIn.user.id;
    this.username = signedIn.user.username;
    this.accessToken = signedIn.accessToken;
    this.refreshToken = signedIn.refreshToken;
  }

  static async register(url: string, name: string): Promise<Person> {
    const username = `${name}.${randomUUID().slice(0, 8)}`;
    const body = { username, email: `${username}@example.org`, password: PASSWORD };
    const answer = await call<SignedIn>(`${url}/v1/register`, 'POST', { body });
    if (answer.status !== 201) throw new Error(`register answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return new Person(url, answer.body);
  }

  /** The same person, with the same tokens, at another address of the server. */
  at(url: string): Person {
    const { id, username, accessToken, refreshToken } = this;
    return new Person(url, { user: { id, username }, accessToken, refreshToken, expiresIn: 0 });
  }

  /** The same person with fresh tokens. */
  async signInAgain(): Promise<Person> {
    const body = { email: this.username, password: PASSWORD };
    const answer = await call<SignedIn>(`${this.url}/v1/login`, 'POST', { body });
    if (answer.status !== 200) throw new Error(`login answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return new Person(this.url, answer.body);
  }

  call<Body>(method: string, path: string, options: CallOptions = {}): Promise<Answer<Body>> {
    return call<Body>(`${this.url}${path}`, method, {
      ...options,
      headers: { authorization: `Bearer ${this.accessToken}`, ...options.headers },
    });
  }

  /** As `call`, but any other status than `status` is an error. */
  async expect<Body>(status: number, method: string, path: string, options: CallOptions = {}): Promise<Body> {
    const answer = await this.call<Body>(method, path, options);
    if (answer.status !== status) {
      throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    }
    return answer.body;
  }

  async follow(other: Person): Promise<void> {
    await this.expect(200, 'POST', '/v1/follows', { body: { followedId: other.id } });
  }

  /** Draft, then the bytes; the post goes live by itself. Resolves to its id once both are acknowledged. */
  async post(caption: string, photograph: Uint8Array): Promise<string> {
    const draft = await this.expect<{ postId: string; uploadUrl: string }>(201, 'POST', '/v1/posts', {
      body: { caption },
      headers: { 'idempotency-key': randomUUID() },
    });
    const upload = await call(draft.uploadUrl, 'PUT', { raw: photograph, headers: { 'content-type': 'image/jpeg' } });
    if (upload.status >= 300) throw new Error(`upload answered ${upload.status}: ${JSON.stringify(upload.body)}`);
    return draft.postId;
  }

  /** Every post of the feed, newest first, by following the cursors. */
  async wholeFeed(): Promise<Post[]> {
    const posts: Post[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page: { posts: Post[]; nextCursor: string | null } = await this.expect(
        200,
        'GET',
        `/v1/feed?limit=100${query}`,
      );
      posts.push(...page.posts);
      cursor = page.nextCursor;
    } while (cursor !== null);
    return posts;
  }
}

export interface SignedIn {
  readonly user: { readonly id: string; readonly username: string };
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly expiresIn: number;
}
