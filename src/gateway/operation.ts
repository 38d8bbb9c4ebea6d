/**
 * An operation: one thing a client can ask for, by REST and by WebSocket alike. One file each in `operations/`; the
 * catalogue is the list of them, and OpenAPI is made from it.
 */
import type { z } from 'zod';
import type { SessionId, UserId } from '../ids.ts';
import type { Services } from './services.ts';

export interface Viewer {
  readonly userId: UserId;
  readonly sessionId: SessionId;
}

export interface OperationContext<Auth extends AuthRule> {
  readonly services: Services;
  readonly viewer: Auth extends 'user' ? Viewer : Auth extends 'stranger' ? null : Viewer | null;
  readonly now: number;
  /** From `Idempotency-Key` or the `op` message's `key`. */
  readonly idempotencyKey: string | null;
  readonly clientAddress: string;
  readonly requestId: string;
}

/**
 * `user`: signed in. `anyone`: signed in or not. `stranger`: who calls is not asked, so that an access token that has
 * expired keeps nobody from signing in.
 */
export type AuthRule = 'user' | 'anyone' | 'stranger';

/** Which bucket of the rate limiter a call draws from. */
export type RateClass = 'read' | 'write' | 'sign-in' | 'upload';

export interface OperationDeclaration<Input extends z.ZodType, Output extends z.ZodType, Auth extends AuthRule> {
  /** `noun.verb`, the WebSocket name: `post.like`. */
  readonly name: string;
  readonly summary: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** `/v1/posts/{postId}/likes`; each `{name}` is a property of the input. Further paths that mean the same. */
  readonly paths: readonly [string, ...string[]];
  readonly auth: Auth;
  readonly rate: RateClass;
  /** HTTP status of success. */
  readonly status: 200 | 201 | 202 | 204;
  /** Creating calls are claimed by `Idempotency-Key` when one is sent. */
  readonly creates?: boolean;
  /** The output is a page of posts: by REST it is encoded by `PostPages`, post by post. */
  readonly isPostPage?: boolean;
  /**
   * The path's properties and, for GET and DELETE, the query's, else the body's: passwords and tokens have no way into a
   * URL. Query values arrive as text, so numbers there use z.coerce. Operations with a body refuse properties that nobody
   * declared (strict); a GET or DELETE ignores what is left over in its query.
   */
  readonly input: Input;
  readonly output: Output;
  handle(context: OperationContext<Auth>, input: z.output<Input>): Promise<z.input<Output>>;
}

export interface Operation extends Omit<OperationDeclaration<z.ZodType, z.ZodType, AuthRule>, 'handle'> {
  handle(context: OperationContext<AuthRule>, input: unknown): Promise<unknown>;
}

export function defineOperation<Input extends z.ZodType, Output extends z.ZodType, Auth extends AuthRule>(
  declaration: OperationDeclaration<Input, Output, Auth>,
): Operation {
  // The runner parses the input with this very schema and checks `auth` before it calls `handle`.
  return declaration as unknown as Operation;
}
