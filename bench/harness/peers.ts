/** The peers by name, and how each is started. */
import { join } from 'node:path';
import type { LoadTarget } from '../load/load-calls.ts';
import type { PeerCalls } from '../peers/server-calls.ts';
import { Program } from './calls.ts';
import { untilQuiet } from './rest.ts';

/** One process and nothing else. */
export type LonePeerName = 'uws' | 'ws' | 'socketio-ws' | 'socketio-uws' | 'socketio-recovery';
/** With a Redis. */
export type ClusterPeerName = 'socketio-redis' | 'socketio-streams';
export type PeerName = LonePeerName | ClusterPeerName;

export const PEER_TITLES: Readonly<Record<PeerName, string>> = {
  uws: 'bare uWebSockets.js',
  ws: 'ws',
  'socketio-ws': 'socket.io on ws',
  'socketio-uws': 'socket.io on uWebSockets.js',
  'socketio-recovery': 'socket.io recovery',
  'socketio-redis': 'socket.io Redis adapter',
  'socketio-streams': 'socket.io Redis stream',
};

const FOLDER = join(import.meta.dirname, '..', 'peers');

export interface Peer {
  readonly name: PeerName;
  readonly program: Program<PeerCalls>;
  readonly target: LoadTarget;
}

export interface ClusterPeer extends Peer {
  /** Where events come from: a server other than the phones', where there are several. */
  readonly emitter: Program<PeerCalls>;
  readonly redisPid: number;
}

/** Resolves when the start is over, as with the product. */
export async function startPeer(name: PeerName, tokenKeyHex: string, redisPort = 0): Promise<Peer> {
  const [file, ...options] = name.split('-');
  const program = new Program<PeerCalls>(join(FOLDER, `${file}.ts`), {
    arguments: options,
    nodeFlags: ['--expose-gc'],
    environment: { BENCH_TOKEN_KEY: tokenKeyHex, BENCH_REDIS_PORT: String(redisPort) },
  });
  const { port } = await program.call('listen', null);
  await untilQuiet(program.pid);
  const dialect = file === 'socketio' ? 'socketio' : 'plain';
  return { name, program, target: { dialect, host: '127.0.0.1', port } };
}

/** The peers to run of those a scenario knows. */
export function chosenPeers<Name extends PeerName>(known: readonly Name[], asked: readonly string[]): Name[] {
  return known.filter((name) => asked.length === 0 || asked.includes(name));
}
