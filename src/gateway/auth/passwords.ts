/**
 * Password hashes: Argon2id, off the event loop. A hash costs tens of milliseconds and 19 MiB by design, so only a few run
 * at once, few may wait, and the rest is refused with `overloaded`. The only file that knows the argon2 package.
 */
import { hash, verify } from '@node-rs/argon2';
import { Problem } from '../../errors.ts';

export interface PasswordCost {
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
}

/** OWASP's recommendation for Argon2id (Password Storage Cheat Sheet). */
export const OWASP_COST: PasswordCost = { memoryKib: 19_456, passes: 2, lanes: 1 };

export interface PasswordSettings {
  readonly cost: PasswordCost;
  readonly concurrent: number;
  readonly waiting: number;
}

export class Passwords {
  private readonly settings: PasswordSettings;
  private readonly decoy: string;
  private readonly queue: (() => void)[] = [];
  private running = 0;

  private constructor(settings: PasswordSettings, decoy: string) {
    this.settings = settings;
    this.decoy = decoy;
  }

  /** `unguessable`: a random text; its hash is what passwords of unknown users are compared with. */
  static async open(settings: PasswordSettings, unguessable: string): Promise<Passwords> {
    return new Passwords(settings, await hash(normalized(unguessable), options(settings.cost)));
  }

  hash(password: string): Promise<string> {
    return this.limited(() => hash(normalized(password), options(this.settings.cost)));
  }

  /** Takes as long for an unknown user (`kept` null), where the answer is always false. */
  async matches(password: string, kept: string | null): Promise<boolean> {
    const isMatch = await this.limited(() => verify(kept ?? this.decoy, normalized(password)));
    return isMatch && kept !== null;
  }

  /** Runs now or after those before it. A slot is handed on, never freed while someone waits. */
  private async limited<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.running < this.settings.concurrent) {
      this.running++;
    } else {
      if (this.queue.length >= this.settings.waiting) throw new Problem('overloaded', { retryAfterMs: 1000 });
      await new Promise<void>((resolve) => {
        this.queue.push(resolve);
      });
    }
    try {
      return await work();
    } finally {
      const next = this.queue.shift();
      if (next === undefined) this.running--;
      else next();
    }
  }
}

/** Argon2id is the package's default, and its only variant used here. */
function options(cost: PasswordCost) {
  return { memoryCost: cost.memoryKib, timeCost: cost.passes, parallelism: cost.lanes };
}

/** The same password typed on another keyboard is the same password (NIST SP 800-63B, 3.1.1.2). */
function normalized(password: string): string {
  return password.normalize('NFKC');
}
