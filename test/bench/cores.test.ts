import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import test from 'ava';
import { placeApart } from '../../bench/harness/cores.ts';

function processorsOf(pid: number): string {
  return /^Cpus_allowed_list:\s+(\S+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
}

function sleeping(): ChildProcess & { readonly pid: number } {
  return spawn('sleep', ['60'], { stdio: 'ignore' }) as ChildProcess & { readonly pid: number };
}

test('phones get a processor that no server has', (t) => {
  const [server, phones] = [sleeping(), sleeping()];
  t.teardown(() => [server, phones].forEach((child) => child.kill()));
  const all = processorsOf(process.pid);
  const apart = placeApart([server.pid], [phones.pid]);
  // On a machine with one processor nothing can be apart, and nothing is moved.
  t.is(apart, processorsOf(server.pid) !== all && processorsOf(phones.pid) !== all);
  t.is(apart, processorsOf(server.pid) !== processorsOf(phones.pid));
  t.is(processorsOf(process.pid), all);
});
