/**
 * Servers and phones on processors of their own. Left alone, the kernel wakes a reading phone on the processor of the server
 * that just wrote to it: the two then take turns there, while the other processor rests, and each waits for the other now
 * and then. Phones of real users are never on the server's processor.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Phones on the last processor, the servers' event loops on all the others; where other threads of a server go is left to the
 * kernel. False where there is but one processor or no `taskset`: then the kernel chooses, for all of them alike.
 */
export function placeApart(servers: readonly number[], phones: readonly number[]): boolean {
  const processors = permittedProcessors();
  const last = processors.pop();
  if (last === undefined || processors.length === 0) return false;
  return servers.every((pid) => moved(pid, processors)) && phones.every((pid) => moved(pid, [last]));
}

/** The thread of the event loop; threads that it starts from now on follow it, others do not. */
function moved(pid: number, processors: readonly number[]): boolean {
  return spawnSync('taskset', ['--cpu-list', '--pid', processors.join(','), String(pid)]).status === 0;
}

/** In rising order. */
function permittedProcessors(): number[] {
  const list = /^Cpus_allowed_list:\s+(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  return list.split(',').flatMap((range) => {
    const [first = Number.NaN, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, index) => first + index);
  });
}
