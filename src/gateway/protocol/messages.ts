/** The messages of `shutterline.v1`, as docs/protocol.md describes them. `sdk/wire.ts` mirrors these types. */
import type { SessionState } from '../../actors/live/session.ts';

export const PROTOCOL = 'shutterline.v1';

export interface ResumePoint {
  readonly epoch: string;
  readonly seq: number;
  readonly cursor: string;
}

export type ClientMessage =
  | {
      readonly t: 'hello';
      /** Exactly one of `token` (an access token) and `ticket`. */
      readonly token?: string;
      readonly ticket?: string;
      /** Required with `token`; a ticket names its device itself. */
      readonly device?: string;
      readonly resume?: ResumePoint;
      readonly caps?: readonly string[];
    }
  | { readonly t: 'ack'; readonly seq: number }
  | { readonly t: 'op'; readonly id: string; readonly op: string; readonly params?: unknown; readonly key?: string }
  | { readonly t: 'watch'; readonly topics: readonly string[] }
  | { readonly t: 'unwatch'; readonly topics: readonly string[] }
  | { readonly t: 'auth'; readonly token: string };

export interface WireEvent {
  readonly id: string;
  readonly type: string;
  /** RFC 3339. */
  readonly at: string;
  readonly data: unknown;
}

/** The body of a problem document (RFC 9457), also in `result` messages. */
export interface ProblemDocument {
  /** `urn:shutterline:error:<code>`. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly retryable: boolean;
  readonly retryAfterMs?: number;
  readonly errors?: readonly { readonly field: string; readonly reason: string }[];
  readonly requestId?: string;
}

export type ServerMessage =
  | {
      readonly t: 'welcome';
      readonly user: string;
      readonly session: string;
      readonly epoch: string;
      readonly seq: number;
      readonly cursor: string;
      readonly mode: 'fresh' | 'resumed' | 'behind' | 'reset';
      readonly state: SessionState;
      readonly ticket: string;
      readonly pingMs: number;
    }
  | {
      readonly t: 'events';
      readonly epoch: string;
      readonly seq: number;
      readonly cursor: string;
      readonly events: readonly WireEvent[];
    }
  | { readonly t: 'behind'; readonly epoch: string; readonly seq: number; readonly cursor: string }
  | { readonly t: 'reset'; readonly reason: string }
  | { readonly t: 'result'; readonly id: string; readonly ok: true; readonly result: unknown }
  | { readonly t: 'result'; readonly id: string; readonly ok: false; readonly error: ProblemDocument }
  | { readonly t: 'state'; readonly state: Partial<SessionState> }
  | { readonly t: 'live'; readonly topic: string; readonly type: string; readonly data: unknown }
  | { readonly t: 'ticket'; readonly ticket: string }
  | { readonly t: 'drain'; readonly afterMs: number }
  | { readonly t: 'error'; readonly error: ProblemDocument };
