import { spawn } from 'node:child_process';
import test from 'ava';
import { untilQuiet } from '../../bench/harness/rest.ts';

const BUSY_THEN_AT_REST = `
  const untilMs = Date.now() + 800;
  console.log('busy');
  while (Date.now() < untilMs);
  console.log('at rest');
  setInterval(() => {}, 50);
`;

test('a process is waited for until it has nothing to do', async (t) => {
  const child = spawn(process.execPath, ['-e', BUSY_THEN_AT_REST], { stdio: ['ignore', 'pipe', 'inherit'] });
  t.teardown(() => child.kill('SIGKILL'));
  const said: string[] = [];
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (text: Buffer) => {
      said.push(text.toString());
      resolve();
    });
  });
  await untilQuiet(child.pid ?? 0);
  t.regex(said.join(''), /at rest/);
});
