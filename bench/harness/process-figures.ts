/** What the kernel says about processes: CPU time, memory of its own, memory the kernel holds for sockets. Linux only. */
import { readdirSync, readFileSync } from 'node:fs';

/** The unit of /proc/<pid>/stat: USER_HZ, which is 100 on every Linux that node runs on. */
const TICKS_PER_SECOND = 100;
const KIB = 1024;

export interface ProcessMemory {
  readonly residentBytes: number;
  /** Not shared with any other process. */
  readonly privateBytes: number;
}

export interface KernelMemory {
  /** Data in socket buffers, of the whole machine. */
  readonly tcpBufferBytes: number;
  /** All kernel objects of the whole machine; of an idle socket most is here. */
  readonly slabBytes: number;
}

/** Seconds on a processor, user and system, of the threads that live: to the nanosecond. */
export function cpuSeconds(pid: number): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    } catch {
      // The thread ended between the listing and the look.
    }
  }
  return nanoseconds / 1e9;
}

/** The same of a process with all its children, those that ended included, in hundredths of a second. */
export function treeCpuSeconds(pid: number): number {
  const fields = statOf(pid);
  // It ended between the listing and the look; its parent counts it from now on.
  if (fields === null) return 0;
  const own = ticks(fields, 11) + ticks(fields, 12) + ticks(fields, 13) + ticks(fields, 14);
  return childrenOf(pid).reduce((sum, child) => sum + treeCpuSeconds(child), own / TICKS_PER_SECOND);
}

export function memoryOf(pid: number): ProcessMemory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);
  return {
    residentBytes: kib('Rss') * KIB,
    privateBytes: (kib('Private_Clean') + kib('Private_Dirty')) * KIB,
  };
}

export function kernelMemory(): KernelMemory {
  const sockets = readFileSync('/proc/net/sockstat', 'utf8');
  const memory = readFileSync('/proc/meminfo', 'utf8');
  return {
    tcpBufferBytes: Number(/^TCP:.* mem (\d+)/m.exec(sockets)?.[1] ?? 0) * 4096,
    slabBytes: Number(/^Slab:\s+(\d+) kB/m.exec(memory)?.[1] ?? 0) * KIB,
  };
}

/**
 * Bytes that the kernel holds in the send buffers of connections to this port, at the server's end: what it has taken from
 * the server, and the other end's kernel has not taken from it. Data, without what the kernel spends around it.
 */
export function unsentBytes(port: number): number {
  return queuedBytes(port, 0);
}

/** Bytes that the kernel has received for the server at this port, and the server has not read. */
export function unreadBytes(port: number): number {
  return queuedBytes(port, 1);
}

/** `queue`: 0 what is to be sent, 1 what was received. */
function queuedBytes(port: number, queue: 0 | 1): number {
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const tables = ['/proc/net/tcp', '/proc/net/tcp6'].map((path) => readFileSync(path, 'utf8'));
  return tables
    .flatMap((table) => table.split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(([, address]) => address?.endsWith(local))
    .reduce((sum, fields) => sum + Number.parseInt(fields[4]?.split(':')[queue] ?? '0', 16), 0);
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => ticks(statOf(pid) ?? [], 1) === parent);
}

/** The fields after the command's name, from the state on. */
function statOf(pid: number): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return text.slice(text.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

function ticks(fields: readonly string[], place: number): number {
  return Number(fields[place] ?? 0);
}
