/** Who may change the schema: one node at a time, for as long as it renews. */
import { type Clock, sleep } from '../../clock.ts';
import { Problem, StartRefusal } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Logger } from '../../log.ts';
import type { CqlSession, Statement } from './cql-session.ts';
import { MIGRATION } from './migration-statements.ts';

export class MigrationLease {
  private readonly session: CqlSession;
  private readonly holder: string;

  private constructor(session: CqlSession, holder: string) {
    this.session = session;
    this.holder = holder;
  }

  /** Waits for whoever holds it, up to some minutes. */
  static async acquire(session: CqlSession, { clock, log }: { clock: Clock; log: Logger }): Promise<MigrationLease> {
    const lease = new MigrationLease(session, clock.randomBytes(9).toString('base64url'));
    const giveUpAtMs = clock.monotonic() + limits.migrationWaitMs;
    let waited = false;
    while (!(await lease.take())) {
      if (clock.monotonic() >= giveUpAtMs) {
        throw new StartRefusal(
          'Another node has been changing the schema for minutes. Look at its log, then start again.',
        );
      }
      if (!waited) log.info('waiting for another node to change the schema');
      waited = true;
      await sleep(clock, limits.migrationRetryMs * (1 + clock.random()));
    }
    return lease;
  }

  /** Before each change. Rejects if the lease ended meanwhile: someone else may be at it. */
  async renew(): Promise<void> {
    const renewed = await this.compare({
      query: MIGRATION.renewLease,
      parameters: [this.holder, this.holder],
    });
    if (!renewed) throw new StartRefusal('Changing the schema took too long and another node took over. Start again.');
  }

  /** Whoever is next need not wait for the lease to end. */
  async release(): Promise<void> {
    await this.compare({
      query: MIGRATION.releaseLease,
      parameters: [this.holder],
    }).catch(() => undefined);
  }

  private take(): Promise<boolean> {
    return this.compare({
      query: MIGRATION.takeLease,
      parameters: [this.holder],
    });
  }

  private async compare(statement: Statement): Promise<boolean> {
    try {
      const [answer] = await this.session.execute(statement, 'lightweight');
      // A repeated `take` whose first answer was lost meets its own holder.
      return answer?.['[applied]'] === true || answer?.['holder'] === this.holder;
    } catch (error) {
      // Unknown: asking again tells.
      if (error instanceof Problem && error.code === 'timeout') return this.compare(statement);
      throw error;
    }
  }
}
