/** What was acquired, released in reverse order, each step logged if it fails and none keeping the next from running. */
import type { Logger } from '../log.ts';

export class Cleanup {
  private readonly log: Logger;
  private readonly steps: { readonly name: string; readonly release: () => Promise<void> | void }[] = [];

  constructor(log: Logger) {
    this.log = log;
  }

  add(name: string, release: () => Promise<void> | void): void {
    this.steps.push({ name, release });
  }

  async run(): Promise<void> {
    for (let step = this.steps.pop(); step !== undefined; step = this.steps.pop()) {
      try {
        await step.release();
      } catch (error) {
        this.log.error('could not be released', { what: step.name, error });
      }
    }
  }
}
