/** What the driver rejects with, in the words of the error catalogue. */
import { errors, types } from 'cassandra-driver';
import { InvariantViolation, Problem, StartRefusal } from '../../errors.ts';

const codes: Readonly<Record<Exclude<keyof typeof types.responseErrorCodes, number>, number>> =
  types.responseErrorCodes;
const AWAY: ReadonlySet<number> = new Set([
  codes.serverError,
  codes.unavailableException,
  codes.isBootstrapping,
  codes.truncateError,
  codes.readFailure,
  codes.writeFailure,
]);

/** CAS_WRITE_UNKNOWN of newer protocol versions. */
const LIGHTWEIGHT_UNKNOWN = 0x1700;

/** `Problem` for what can pass by itself; anything else is a mistake of ours and comes back as it is. */
export function toProblem(error: unknown): unknown {
  if (error instanceof Problem || error instanceof InvariantViolation) return error;
  if (isTimeout(error)) return new Problem('timeout', { cause: error });
  if (error instanceof errors.BusyConnectionError) return new Problem('overloaded', { cause: error });
  if (error instanceof errors.ResponseError) return ofResponse(error);
  const isAway =
    error instanceof errors.NoHostAvailableError ||
    error instanceof errors.AuthenticationError ||
    isConnectionError(error);
  return isAway ? new Problem('unavailable', { cause: error }) : error;
}

function ofResponse(error: errors.ResponseError): unknown {
  if (error.code === codes.overloaded) return new Problem('overloaded', { cause: error });
  return AWAY.has(error.code) ? new Problem('unavailable', { cause: error }) : error;
}

/** Whether a node of the engine said this, and not its silence or a lost connection. */
export function isAnswer(error: unknown): boolean {
  return error instanceof errors.ResponseError;
}

/** True if nobody knows whether the statement was carried out, or may yet be. */
export function isTimeout(error: unknown): boolean {
  if (error instanceof errors.OperationTimedOutError) return true;
  // Tried at several nodes, or again at the same one: one that did not answer may have done it.
  if (error instanceof errors.NoHostAvailableError) return Object.values(error.innerErrors ?? {}).some(isTimeout);
  if (error instanceof errors.ResponseError) {
    return [codes.writeTimeout, codes.readTimeout, LIGHTWEIGHT_UNKNOWN].includes(error.code);
  }
  return false;
}

/** A connection that ended under a request, or a client that is closed: the driver has no class of its own for either. */
function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? String(error.code) : '';
  return /^E[A-Z]+$/.test(code) || /socket|connection|shutdown|shutting down|not connected/i.test(error.message);
}

/** A keyspace or table that another node is just making: listed already, and not yet to be used. */
export function isNotThereYet(error: unknown): boolean {
  if (error instanceof StartRefusal) return isNotThereYet(error.cause);
  const isInvalid = error instanceof errors.ResponseError && error.code === codes.invalid;
  return isInvalid && /does not exist|unconfigured table/i.test(error.message);
}
