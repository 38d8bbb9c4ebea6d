/**
 * A port nobody uses, below those that the kernel gives to outgoing connections: there, a client that tries again and again
 * to reach a server that is gone could be given the server's own port, connect to itself, and keep the server out.
 */
import { createServer } from 'node:net';

const FIRST = 10_240;
const COUNT = 20_000;
const TRIES_MAX = 100;

export async function freePort(): Promise<number> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (await isFree(port)) return port;
  }
  throw new Error('no port is free');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
