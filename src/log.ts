/** Structured logging: a fixed message and fields. Secrets and personal data never go into fields. */
import { type BaseLogger, pino } from 'pino';

export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  child(fields: LogFields): Logger;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

const REDACTED = ['password', 'accessToken', 'refreshToken', 'token', 'ticket', 'authorization', 'email'];

export function createLogger(level: LogLevel): Logger {
  const sink = pino({ level, redact: REDACTED.flatMap((name) => [name, `*.${name}`]), base: null });
  return wrap(sink);
}

interface Sink extends Pick<BaseLogger, 'debug' | 'info' | 'warn' | 'error'> {
  child(fields: LogFields): Sink;
}

function wrap(sink: Sink): Logger {
  return {
    debug: (message, fields = {}) => sink.debug(fields, message),
    info: (message, fields = {}) => sink.info(fields, message),
    warn: (message, fields = {}) => sink.warn(fields, message),
    error: (message, fields = {}) => sink.error(fields, message),
    child: (fields) => wrap(sink.child(fields)),
  };
}

export const silentLogger: Logger = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  child: () => silentLogger,
};
