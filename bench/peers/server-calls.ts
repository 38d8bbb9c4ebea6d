/** What the bench asks of a server under test, the product or a peer: where it listens, and what it holds. */

export interface HeapUse {
  readonly heapBytes: number;
  /** Buffers and other memory that JavaScript objects own outside of the heap. */
  readonly externalBytes: number;
}

/** What every server answers. */
export type ServerCalls = {
  listen: { input: null; output: { port: number } };
  /** After everything unreachable was collected. */
  heap: { input: null; output: HeapUse };
};

/** An event as the product sends it, with marks where the marker goes (see peer-events.ts). */
export interface PeerEvent {
  readonly template: string;
  readonly stream: number;
  readonly number: number;
}

/** What a peer sends to everyone connected. */
export interface Emission {
  readonly events: readonly PeerEvent[];
  /** `loop`: one send a connection and event; `publish`: the system's own broadcast, where it has one. */
  readonly by: 'loop' | 'publish';
}

export type PeerCalls = ServerCalls & {
  /** All events in one turn. */
  emit: { input: Emission; output: null };
  /** To rooms of single users that nobody here is in: other people's traffic. */
  emitToOthers: { input: { template: string; count: number }; output: null };
};

/** Two collections: the second takes what finalizers of the first let go. */
export function collectGarbage(): HeapUse {
  for (let pass = 0; pass < 2; pass++) globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  const { heapUsed, external } = process.memoryUsage();
  return { heapBytes: heapUsed, externalBytes: external };
}
