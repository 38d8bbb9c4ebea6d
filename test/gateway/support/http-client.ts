/** Shorthands over fetch, and a raw socket for what fetch would never send. */
import { connect, type Socket } from 'node:net';

export async function text(url: string): Promise<string> {
  return (await fetch(url)).text();
}

export function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { Authorization: 'Bearer token-ann-s1', 'Content-Type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

/** Opens a socket and writes `head`; the answer is collected in `received`. */
export async function rawRequest(port: number, head: string): Promise<{ socket: Socket; received: () => string }> {
  const socket = connect(port, '127.0.0.1');
  let received = '';
  socket.on('data', (chunk) => {
    received += chunk.toString();
  });
  socket.on('error', () => {});
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  socket.write(head);
  return { socket, received: () => received };
}
