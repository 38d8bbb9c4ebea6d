/** A `fetch` that answers from a script and writes down what it was asked. */

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

type Answer = { status: number; body?: unknown; headers?: Record<string, string> } | 'lost';

export function scriptedFetch(answer: (asked: Asked, count: number) => Answer): {
  fetch: typeof fetch;
  asked: Asked[];
} {
  const asked: Asked[] = [];
  const scripted: typeof fetch = (input, init) => {
    const { pathname, search } = new URL(input instanceof Request ? input.url : input);
    const headers = Object.fromEntries(new Headers(init?.headers ?? {}));
    const body = typeof init?.body === 'string' ? (JSON.parse(init.body) as unknown) : init?.body;
    const one = { method: init?.method ?? 'GET', path: pathname + search, headers, body };
    asked.push(one);
    const given = answer(one, asked.length);
    if (given === 'lost') return Promise.reject(new TypeError('fetch failed'));
    const text = given.body === undefined ? null : JSON.stringify(given.body);
    return Promise.resolve(new Response(text, { status: given.status, headers: given.headers ?? {} }));
  };
  return { fetch: scripted, asked };
}

export function problem(code: string, status: number, more: { retryable?: boolean; retryAfterMs?: number } = {}) {
  const document = { type: `urn:shutterline:error:${code}`, title: code, status, code, detail: `It is ${code}.` };
  return { status, body: { ...document, retryable: false, ...more } };
}

export function signedIn(number = 1, expiresIn = 900) {
  const user = { id: 'u1', username: 'ada', displayName: 'Ada', avatarUrl: null };
  return { status: 200, body: { user, accessToken: `access-${number}`, refreshToken: `refresh-${number}`, expiresIn } };
}
