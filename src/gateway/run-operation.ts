/**
 * Runs one operation, for REST and for `op` messages alike: who → how often → what → do → check what comes out. The
 * outcome is a value, never an exception: both callers turn it into their own form.
 */
import type { z } from 'zod';
import type { Clock } from '../clock.ts';
import { Deadlines } from '../deadlines.ts';
import { asProblem, type FieldError, Problem } from '../errors.ts';
import type { UserId } from '../ids.ts';
import type { Limits } from '../limits.ts';
import type { Logger } from '../log.ts';
import type { Metrics } from '../metrics.ts';
import type { Operation, RateClass, Viewer } from './operation.ts';
import { type PostPage, PostPages } from './post-pages.ts';
import { type RateLimiter, type RateVerdict, rateKey } from './rate-limit.ts';
import type { Services } from './services.ts';

export interface OperationCall {
  readonly operation: Operation;
  /** Not validated yet. */
  readonly input: unknown;
  readonly viewer: Viewer | null;
  readonly idempotencyKey: string | null;
  readonly clientAddress: string;
  readonly requestId: string;
  /** Whether a page of posts may come as an `EncodedPage`. */
  readonly encoded?: boolean;
}

export type OperationOutcome =
  | { readonly ok: true; readonly output: unknown; readonly quota: RateVerdict }
  | { readonly ok: false; readonly problem: Problem; readonly quota: RateVerdict | null };

export interface OperationRunnerDependencies {
  readonly services: Services;
  readonly rateLimiter: RateLimiter;
  readonly clock: Clock;
  readonly limits: Limits;
  readonly log: Logger;
  readonly metrics: Metrics;
}

export class OperationRunner {
  private readonly dependencies: OperationRunnerDependencies;
  private readonly pages = new PostPages();
  private readonly deadlines: Deadlines;
  private readonly calls: ReturnType<Metrics['counter']>;
  private readonly failures: ReturnType<Metrics['counter']>;
  private readonly duration: ReturnType<Metrics['timing']>;

  constructor(dependencies: OperationRunnerDependencies) {
    this.dependencies = dependencies;
    this.deadlines = new Deadlines(dependencies.clock, dependencies.limits.operationTimeoutMs);
    this.calls = dependencies.metrics.counter('operations', 'Operations that were called.');
    this.failures = dependencies.metrics.counter('operation_failures', 'Operations that ended on our fault.');
    this.duration = dependencies.metrics.timing('operation', 'How long operations took.');
  }

  async run(call: OperationCall): Promise<OperationOutcome> {
    const { clock } = this.dependencies;
    const startedAt = clock.monotonic();
    this.calls.add();
    if (call.operation.auth === 'user' && call.viewer === null) {
      return { ok: false, problem: new Problem('unauthenticated'), quota: null };
    }
    const quota = this.admit(viewerFor(call)?.userId ?? null, call.operation.rate, call.clientAddress);
    if (!quota.allowed) return { ok: false, problem: rateLimited(quota), quota };
    try {
      const output = await this.perform(call);
      return { ok: true, output, quota };
    } catch (error) {
      return { ok: false, problem: this.failed(call, error), quota };
    } finally {
      this.duration.observeMs(clock.monotonic() - startedAt);
    }
  }

  /** Draws from the caller's bucket; for what is not an operation, such as uploads. */
  admit(userId: UserId | null, rate: RateClass, clientAddress: string): RateVerdict {
    const key = rateKey(userId, rate, clientAddress);
    return this.dependencies.rateLimiter.take(key, rate, this.dependencies.clock.now());
  }

  private async perform(call: OperationCall): Promise<unknown> {
    const { services, clock } = this.dependencies;
    // Synchronously: zod's compiled path for objects is taken only then, and costs half.
    const input = call.operation.input.safeParse(call.input);
    if (!input.success) throw new Problem('invalid-request', { fields: fieldErrors(input.error.issues) });
    const context = {
      services,
      viewer: viewerFor(call),
      now: clock.now(),
      idempotencyKey: call.idempotencyKey,
      clientAddress: call.clientAddress,
      requestId: call.requestId,
    };
    const handled = call.operation.handle(context as Parameters<Operation['handle']>[0], input.data);
    const output = await this.deadlines.limit(handled, () => new Problem('timeout'));
    if (call.operation.status === 204) return null;
    // Both such operations return what `output` declares, which is a page of posts.
    if (call.encoded === true && call.operation.isPostPage === true) return this.pages.encode(output as PostPage);
    return call.operation.output.parse(output);
  }

  private failed(call: OperationCall, error: unknown): Problem {
    const problem = asProblem(error);
    if (problem.status >= 500) {
      this.failures.add();
      const cause = problem.cause ?? problem;
      this.dependencies.log.error('operation failed', {
        operation: call.operation.name,
        code: problem.code,
        requestId: call.requestId,
        cause: describe(cause),
      });
    }
    return problem;
  }
}

function viewerFor({ operation, viewer }: OperationCall): Viewer | null {
  return operation.auth === 'stranger' ? null : viewer;
}

/** For the log only. */
export function describe(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : (JSON.stringify(cause) ?? 'nothing');
}

export function rateLimited(quota: RateVerdict): Problem {
  return new Problem('rate-limited', { retryAfterMs: quota.resetMs });
}

/** A property that nobody declared is named itself, not the object it stands in. */
function fieldErrors(issues: readonly z.core.$ZodIssue[]): FieldError[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code !== 'unrecognized_keys') return [{ field: path.join('.'), reason: issue.message }];
    return issue.keys.map((key) => ({
      field: [...path, key].join('.'),
      reason: 'is not a property that is taken here',
    }));
  });
}
