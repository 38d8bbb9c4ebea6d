/**
 * A process that asks at a fixed rate, whatever the answers take: a request that could not be sent in time counts from
 * the moment it was due (no coordinated omission).
 */
import { serveCalls } from '../harness/calls.ts';
import { Histogram } from '../harness/histogram.ts';
import { nowUs } from '../harness/markers.ts';
import { RawHttp } from './raw-http.ts';
import { RawWebSocket, sharedReadBuffer } from './raw-websocket.ts';

/** One request over either transport. `{token}`-free: who asks is chosen in turn. */
export interface RequestTemplate {
  readonly method: string;
  readonly path: string;
  readonly json?: string;
  readonly op: string;
  readonly params: unknown;
}

export interface RequestRun {
  readonly port: number;
  readonly transport: 'rest' | 'websocket';
  readonly tokens: readonly string[];
  readonly templates: readonly RequestTemplate[];
  readonly perSecond: number;
  readonly count: number;
  readonly connections: number;
}

export interface RequestOutcome {
  readonly answered: number;
  readonly failed: number;
  readonly latencyUs: readonly number[];
}

export type RequestCalls = { run: { input: RequestRun; output: RequestOutcome } };

/** Sends request `number`; resolves with whether it succeeded. */
type Sender = (number: number) => Promise<boolean>;

const pick = <Item>(items: readonly Item[], number: number): Item => items[number % items.length] as Item;

async function restSenders(run: RequestRun): Promise<{ senders: Sender[]; close: () => void }> {
  const clients = await Promise.all(Array.from({ length: run.connections }, () => RawHttp.open('127.0.0.1', run.port)));
  const send =
    (client: RawHttp): Sender =>
    async (number) => {
      const { method, path, json } = pick(run.templates, number);
      const token = pick(run.tokens, number);
      const status = await client.send({ method, path, token, ...(json === undefined ? {} : { json }) });
      return status >= 200 && status < 300;
    };
  return { senders: clients.map(send), close: () => clients.forEach((client) => client.close()) };
}

/** Each connection is one user's. */
async function socketSenders(run: RequestRun): Promise<{ senders: Sender[]; close: () => void }> {
  const reading = sharedReadBuffer();
  const sockets: RawWebSocket[] = [];
  const open = (place: number): Promise<Sender> =>
    new Promise((resolve, reject) => {
      const waiting = new Map<string, (ok: boolean) => void>();
      const send: Sender = (number) =>
        new Promise((answered) => {
          const { op, params } = pick(run.templates, number);
          waiting.set(String(number), answered);
          socket.send(JSON.stringify({ t: 'op', id: String(number), op, params }));
        });
      const hello = { t: 'hello', token: pick(run.tokens, place), device: 'bench' };
      const socket = RawWebSocket.open(
        { host: '127.0.0.1', port: run.port, path: '/v1/live', protocol: 'shutterline.v1' },
        {
          accepted: () => socket.send(JSON.stringify(hello)),
          text(bytes, start, end) {
            const message = JSON.parse(bytes.toString('utf8', start, end)) as { t: string; id?: string; ok?: boolean };
            if (message.t === 'welcome') resolve(send);
            if (message.t !== 'result' || message.id === undefined) return;
            waiting.get(message.id)?.(message.ok === true);
            waiting.delete(message.id);
          },
          closed: (reason) => reject(new Error(reason)),
        },
        reading,
      );
      sockets.push(socket);
    });
  const senders = await Promise.all(Array.from({ length: run.connections }, (_, place) => open(place)));
  return { senders, close: () => sockets.forEach((socket) => socket.destroy()) };
}

async function perform(run: RequestRun): Promise<RequestOutcome> {
  const { senders, close } = await (run.transport === 'rest' ? restSenders(run) : socketSenders(run));
  const latency = new Histogram();
  const startUs = nowUs() + 10_000;
  let next = 0;
  let failed = 0;
  const worker = async (send: Sender): Promise<void> => {
    for (let number = next++; number < run.count; number = next++) {
      const dueUs = startUs + (number * 1e6) / run.perSecond;
      const early = dueUs - nowUs();
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early / 1000));
      if (!(await send(number))) failed++;
      latency.record(nowUs() - dueUs);
    }
  };
  await Promise.all(senders.map(worker));
  close();
  return { answered: run.count, failed, latencyUs: latency.toPairs() };
}

serveCalls<RequestCalls>({ run: perform });
