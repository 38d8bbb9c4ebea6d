/** Close codes, derived from the error catalogue, and their table as docs/protocol.md shows it. */
import { ERRORS, type ErrorCode } from '../../errors.ts';

export interface CloseCode {
  readonly code: number;
  readonly error: ErrorCode;
  /** True: reconnect with back-off and resume. False: not until something changes. */
  readonly reconnect: boolean;
  readonly meaning: string;
}

export const CLOSE_CODES: readonly CloseCode[] = Object.entries(ERRORS)
  .flatMap(([error, entry]) =>
    'closeCode' in entry
      ? [
          {
            code: entry.closeCode,
            error: error as ErrorCode,
            reconnect: entry.closeCode < 4400,
            meaning: entry.message,
          },
        ]
      : [],
  )
  .sort((a, b) => a.code - b.code);

export function closeCodeTable(): string {
  const rows = CLOSE_CODES.map(
    ({ code, error, reconnect, meaning }) => `| ${code} | \`${error}\` | ${reconnect ? 'yes' : 'no'} | ${meaning} |`,
  );
  return ['| Code | Reason | Reconnect | Meaning |', '|---|---|---|---|', ...rows].join('\n');
}
