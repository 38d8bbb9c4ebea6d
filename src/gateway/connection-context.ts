/** What all connections of a node share, and the port to what carries them. */
import type { EventBatch, LinkOutcome, LiveSessions } from '../actors/live/session.ts';
import type { Clock } from '../clock.ts';
import type { ErrorCode } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Authenticator } from './auth/accounts.ts';
import type { Connections } from './connections.ts';
import type { Operation } from './operation.ts';
import type { ServerMessage } from './protocol/messages.ts';
import type { RequestIds } from './request-ids.ts';
import type { OperationRunner } from './run-operation.ts';
import type { TopicHub } from './topic-hub.ts';

/** One per endpoint, not per socket: it holds nothing of any connection. */
export interface Wire<Socket> {
  /** Whether it sends a batch deflated where it is. */
  readonly sendsDeflated: boolean;
  send(socket: Socket, message: ServerMessage): LinkOutcome;
  sendEvents(socket: Socket, batch: EventBatch): LinkOutcome;
  /** Ends the connection with the catalogue's close code; `Connection.ended` follows, perhaps before it returns. */
  close(socket: Socket, code: ErrorCode): void;
  addressOf(socket: Socket): string;
}

export interface ConnectionMetrics {
  readonly closed: ReturnType<Metrics['counter']>;
}

export interface ConnectionContext {
  readonly sessions: LiveSessions;
  readonly authenticator: Authenticator;
  readonly runner: OperationRunner;
  readonly operations: ReadonlyMap<string, Operation>;
  readonly topics: TopicHub;
  readonly connections: Connections;
  readonly requestIds: RequestIds;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly log: Logger;
  readonly metrics: ConnectionMetrics;
}
