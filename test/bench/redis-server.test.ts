import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import test from 'ava';
import { RedisServer } from '../../bench/harness/redis-server.ts';
import type { RunningRedis } from '../../bench/peers/redis-process.ts';
import { waitFor } from '../support/wait-for.ts';

function takesConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function lives(pid: number): boolean {
  try {
    // A process that ended and was not collected yet is a zombie.
    return !readFileSync(`/proc/${pid}/status`, 'utf8').includes('State:\tZ');
  } catch {
    return false;
  }
}

test('a Redis of the bench’s own takes connections once started, and is gone once stopped', async (t) => {
  const server = new RedisServer();
  t.teardown(() => server.stop());
  const running = await server.start();
  if (running === null) throw new Error('redis-server is not installed');
  t.true(await takesConnections(running.port));
  await server.stop();
  t.false(lives(running.pid));
  t.false(await takesConnections(running.port));
});

test('where redis-server is not installed, there is none, and that is no failure', async (t) => {
  const server = new RedisServer({ environment: { PATH: '/nonexistent' } });
  t.teardown(() => server.stop());
  t.is(await server.start(), null);
});

test('no Redis outlives a bench that is killed', async (t) => {
  const bench = fork(new URL('redis-owner.ts', import.meta.url));
  t.teardown(() => bench.kill('SIGKILL'));
  const [running] = (await once(bench, 'message')) as [RunningRedis | null];
  if (running === null) throw new Error('redis-server is not installed');
  t.true(lives(running.pid));
  bench.kill('SIGKILL');
  await waitFor('the end of Redis', () => !lives(running.pid));
  await waitFor('its port to be closed', async () => !(await takesConnections(running.port)));
  t.pass();
});
