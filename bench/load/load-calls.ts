/** What the bench asks of a load process. */
import type { DeliveryReport } from '../harness/delivery-check.ts';

/** How a system is spoken to. */
export type DialectName = 'native' | 'plain' | 'socketio';

/** How a client says who it is: the token in a first frame, or what it got in its last welcome, in a frame or in the upgrade. */
export type Greeting = 'token' | 'resume-frame' | 'resume-header';

export interface LoadTarget {
  readonly dialect: DialectName;
  readonly host: string;
  readonly port: number;
}

export interface ClientIdentity {
  readonly token: string;
  readonly device: string;
}

export interface OpenOutcome {
  readonly opened: number;
  readonly modes: Readonly<Record<string, number>>;
  /** Microseconds from connect to welcome, as histogram pairs. */
  readonly handshakeUs: readonly number[];
}

export interface LoadReport extends DeliveryReport {
  readonly frames: number;
  readonly closed: number;
  readonly closeReasons: Readonly<Record<string, number>>;
  /** Microseconds from the marker's time to its sight, as histogram pairs. */
  readonly latencyUs: readonly number[];
  /** Of each number, the latency at the client that saw it last. */
  readonly lastUs: readonly number[];
}

export type LoadCalls = {
  /** Adds clients and connects them; resolves when all are welcome. */
  open: {
    input: { target: LoadTarget; clients: readonly ClientIdentity[]; concurrency: number; addressOffset: number };
    output: OpenOutcome;
  };
  /** Cuts every connection. The clients remember where they were. */
  cut: { input: null; output: null };
  reopen: { input: { greeting: Greeting; concurrency: number }; output: OpenOutcome };
  /** Next numbers of the streams, for the check; counts start anew. */
  begin: { input: { next: readonly number[] }; output: null };
  /** Resolves once so many deliveries were seen since `begin`, or when the time is over, with how many there were. */
  waitFor: { input: { delivered: number; timeoutMs: number }; output: number };
  /** All clients acknowledge what they owe. */
  acknowledge: { input: null; output: null };
  /** Since `begin`, in microseconds as histogram pairs. */
  latency: { input: null; output: readonly number[] };
  finish: { input: { ends: readonly number[] }; output: LoadReport };
  /** The first `count` clients stop reading, or read on. */
  pause: { input: { count: number }; output: null };
  resume: { input: null; output: null };
};
