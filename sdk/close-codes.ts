/** What a close code asks of the client: 4000–4399 and the transport's own mean "again", 4400 and above mean "not like this". */

export type CloseVerdict =
  | { readonly kind: 'retry' }
  /** The token or ticket is not taken: get a fresh one, then try again; once. */
  | { readonly kind: 'authenticate' }
  | { readonly kind: 'stop'; readonly reason: StopReason };

/** `signed-out`: the session is over. `replaced`: the same device connected elsewhere. `refused`: this client is not taken. */
export type StopReason = 'signed-out' | 'replaced' | 'refused' | 'stopped';

export function closeVerdict(code: number): CloseVerdict {
  if (code < 4400 || code > 4999) return { kind: 'retry' };
  switch (code) {
    case 4401:
      return { kind: 'authenticate' };
    case 4410:
      return { kind: 'stop', reason: 'signed-out' };
    case 4409:
      return { kind: 'stop', reason: 'replaced' };
    default:
      return { kind: 'stop', reason: 'refused' };
  }
}
