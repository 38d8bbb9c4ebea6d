/** What every client implementation under test must be able to do, whoever wrote it and in whichever language. */

export interface ShownEvent {
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface ForeignPhone {
  /** Starts the application: the first time, or again with what it had stored. */
  start(): Promise<void>;
  /** Ends the application without a word, as a phone does that runs out of power. */
  kill(): Promise<void>;
  /** Ends it for good and removes what it stored. */
  discard(): Promise<void>;
  /** Runs an operation over the live connection; what it answers. */
  perform(operation: string, params: unknown): Promise<unknown>;
  /** Every event that it showed to its user, in that order, over all starts. */
  readonly shown: readonly ShownEvent[];
  /** How each of its connections began (`fresh`, `resumed`, `behind`), where the implementation lets us see it. */
  readonly modes?: readonly string[];
  /** Whether a start from now on would know that this event was shown. */
  stored(eventId: string): boolean;
}

export interface Account {
  readonly url: string;
  readonly username: string;
  readonly accessToken: string;
}

export type OpenPhone = (account: Account) => ForeignPhone;
