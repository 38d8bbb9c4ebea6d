/**
 * The way to the engine: prepared statements on the driver's token-aware pool, so many at once, each answered, refused or
 * given up within a bounded time.
 */
import { Client, type ClientOptions, auth, policies, types } from 'cassandra-driver';
import { type Clock, sleep } from '../../clock.ts';
import { Problem, StartRefusal } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Logger } from '../../log.ts';
import type { DriverRow, Parameter } from './cql-values.ts';
import { EngineWatch } from './engine-watch.ts';
import { isAnswer, toProblem } from './problems.ts';
import { RequestGate } from './request-gate.ts';
import { HEARTBEAT } from './table-cql.ts';

export interface CqlSettings {
  /** `host` or `host:port`. */
  readonly contactPoints: readonly string[];
  readonly localDataCenter: string;
  readonly keyspace: string;
  /** Copies per data centre, used when the keyspace is made. */
  readonly replication: Readonly<Record<string, number>>;
  /**
   * `quorum`: every read sees every acknowledged write, across data centres. `local-quorum`: the same, faster, as long as
   * all nodes of the product use one data centre; its loss may then lose writes that were acknowledged.
   */
  readonly consistency: 'quorum' | 'local-quorum';
  readonly credentials: { readonly username: string; readonly password: string } | null;
  /** Null: without TLS. The certificates of the engine's nodes are always checked. */
  readonly tls: { readonly authorities: string | null } | null;
}

export interface SessionOptions {
  readonly settings: CqlSettings;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long to wait for an engine that is not there yet. */
  readonly startWaitMs?: number;
}

export interface Statement {
  readonly query: string;
  readonly parameters: readonly Parameter[];
}

/** `plain`: may be sent again. `lightweight`: a comparison, never sent again. `serial`: a read that settles comparisons. */
export type RequestKind = 'plain' | 'lightweight' | 'serial';

/** `from`: where the part begins; null at the start. */
interface Asking {
  readonly kind: RequestKind;
  readonly rowsMax: number;
  readonly from: string | null;
}

/** A part of what a statement answers. `next`: where the next part begins; null: this was the last. */
export interface Answer {
  readonly rows: DriverRow[];
  readonly next: string | null;
}

const AWAY = { detail: 'The tables cannot be reached at the moment.', retryAfterMs: limits.cqlHeartbeatMs };

export class CqlSession {
  private readonly client: Client;
  private readonly clock: Clock;
  private readonly gate = new RequestGate({
    inFlightMax: limits.cqlRequestsInFlight,
    waitingMax: limits.cqlRequestsWaiting,
  });
  private readonly consistency: number;
  private readonly serialConsistency: number;
  private readonly watch: EngineWatch;
  private closing: Promise<void> | null = null;

  private constructor(client: Client, { settings, clock, log }: SessionOptions) {
    const isLocal = settings.consistency === 'local-quorum';
    this.client = client;
    this.clock = clock;
    this.consistency = isLocal ? types.consistencies.localQuorum : types.consistencies.quorum;
    this.serialConsistency = isLocal ? types.consistencies.localSerial : types.consistencies.serial;
    const readTimeout = limits.cqlHeartbeatAnswerMs;
    this.watch = new EngineWatch({ clock, log, ask: () => client.execute(HEARTBEAT, [], { readTimeout }) });
  }

  /** `keyspace` null: for making it. Waits for an engine that is still starting; then `StartRefusal`. */
  static async open(options: SessionOptions, keyspace: string | null): Promise<CqlSession> {
    const { settings, clock, log, startWaitMs = limits.cqlStartWaitMs } = options;
    const giveUpAtMs = clock.monotonic() + startWaitMs;
    for (;;) {
      const client = new Client(clientOptions(settings, keyspace));
      try {
        await client.connect();
        return new CqlSession(client, options);
      } catch (error) {
        await client.shutdown().catch(() => undefined);
        const reason = describe(error);
        const points = settings.contactPoints.join(', ');
        if (clock.monotonic() >= giveUpAtMs || !isWorthWaiting(error)) {
          const refusal = `The tables' engine at ${points} does not let this node in: ${reason}`;
          throw new StartRefusal(refusal, { cause: error });
        }
        log.warn('waiting for the tables’ engine', { contactPoints: settings.contactPoints, reason });
        await sleep(clock, limits.cqlStartRetryMs);
      }
    }
  }

  /** From now on requests are refused at once while the engine does not answer. Not for changes of the schema, which hold it up. */
  refuseWhileAway(): void {
    this.watch.start();
  }

  /**
   * The whole answer. An engine may cut it where it likes, a page of it be short or empty, and more follow (ScyllaDB does at
   * a mebibyte, and after many removed rows): only a page that names no next one is the last.
   */
  async execute(statement: Statement, kind: RequestKind = 'plain'): Promise<DriverRow[]> {
    const first = await this.answer(statement, { kind, rowsMax: limits.cqlAnswerRows, from: null });
    const { rows } = first;
    for (let from = first.next; from !== null; ) {
      const more: Answer = await this.answer(statement, { kind, rowsMax: limits.cqlAnswerRows, from });
      rows.push(...more.rows);
      from = more.next;
    }
    return rows;
  }

  /** Atomic: all of it becomes durable, or none. Every statement carries its own timestamp, so it may be sent again. */
  async batch(statements: readonly Statement[]): Promise<void> {
    await this.request(() =>
      this.client.batch(
        statements.map(({ query, parameters }) => ({ query, params: [...parameters] })),
        { prepare: true, logged: true, isIdempotent: true, consistency: this.consistency },
      ),
    );
  }

  /** Of a long answer: one part, maybe an empty one, and where the next begins; null at the end. */
  chunk(statement: Statement, from: string | null): Promise<Answer> {
    return this.answer(statement, { kind: 'plain', rowsMax: limits.scanChunkRows, from });
  }

  /** A change of the schema: not prepared; resolves when all nodes of the engine agree. */
  async define(query: string): Promise<void> {
    await this.client.execute(query, [], { consistency: this.consistency, readTimeout: limits.cqlSchemaChangeMs });
  }

  close(): Promise<void> {
    this.watch.stop();
    this.closing ??= this.client.shutdown();
    return this.closing;
  }

  private async answer({ query, parameters }: Statement, { kind, rowsMax, from }: Asking): Promise<Answer> {
    const result = await this.request(() =>
      this.client.execute(query, [...parameters], {
        prepare: true,
        isIdempotent: kind !== 'lightweight',
        consistency: kind === 'serial' ? this.serialConsistency : this.consistency,
        serialConsistency: this.serialConsistency,
        fetchSize: rowsMax,
        ...(from === null ? {} : { pageState: from }),
      }),
    );
    return { rows: (result.rows ?? []) as unknown as DriverRow[], next: result.pageState ?? null };
  }

  private async request<Value>(send: () => Promise<Value>): Promise<Value> {
    if (this.closing !== null) throw new Problem('unavailable', { detail: 'The store is closed.' });
    if (this.watch.away) throw new Problem('unavailable', AWAY);
    try {
      const result = await this.gate.run(() => this.withinTime(send));
      this.watch.answered();
      return result;
    } catch (error) {
      if (isAnswer(error)) this.watch.answered();
      throw toProblem(error);
    }
  }

  /** The driver ends a try in time, but may try other nodes after it: all of them together have one deadline. */
  private withinTime<Value>(send: () => Promise<Value>): Promise<Value> {
    return new Promise((resolve, reject) => {
      const timer = this.clock.after(limits.cqlRequestMs, () => reject(new Problem('timeout')));
      send()
        .then(resolve, reject)
        .finally(() => timer.cancel());
    });
  }
}

function clientOptions(settings: CqlSettings, keyspace: string | null): ClientOptions {
  const { credentials, tls } = settings;
  return {
    contactPoints: [...settings.contactPoints],
    localDataCenter: settings.localDataCenter,
    ...(keyspace === null ? {} : { keyspace }),
    ...(credentials === null
      ? {}
      : { authProvider: new auth.PlainTextAuthProvider(credentials.username, credentials.password) }),
    ...(tls === null
      ? {}
      : { sslOptions: { rejectUnauthorized: true, ...(tls.authorities === null ? {} : { ca: tls.authorities }) } }),
    encoding: { useBigIntAsLong: true },
    socketOptions: { readTimeout: limits.cqlTryMs, connectTimeout: limits.cqlConnectMs },
    // The driver's own waits ever longer, up to ten minutes: so long would an engine be away after its return.
    policies: { reconnection: new policies.reconnection.ConstantReconnectionPolicy(limits.cqlHeartbeatMs) },
    protocolOptions: { maxSchemaAgreementWaitSeconds: limits.cqlSchemaAgreementSeconds },
  };
}

function isWorthWaiting(error: unknown): boolean {
  const text = describe(error);
  return !/AuthenticationError|credentials|certificate|keyspace|self.signed|data ?center/i.test(text);
}

/** What each node answered. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const inner = 'innerErrors' in error ? Object.entries(error.innerErrors as Record<string, unknown>) : [];
  return inner.length === 0 ? error.message : inner.map(([host, reason]) => `${host}: ${String(reason)}`).join('; ');
}
