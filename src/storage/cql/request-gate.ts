/** At most so many requests at the engine at once; some wait their turn, more are refused. */
import { Problem } from '../../errors.ts';

export class RequestGate {
  private readonly inFlightMax: number;
  private readonly waitingMax: number;
  private inFlight = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(options: { readonly inFlightMax: number; readonly waitingMax: number }) {
    this.inFlightMax = options.inFlightMax;
    this.waitingMax = options.waitingMax;
  }

  async run<Value>(request: () => Promise<Value>): Promise<Value> {
    if (this.inFlight < this.inFlightMax) this.inFlight++;
    else await this.turn();
    try {
      return await request();
    } finally {
      const next = this.waiting.shift();
      // Whoever is next takes over this place.
      if (next === undefined) this.inFlight--;
      else next();
    }
  }

  private turn(): Promise<void> {
    if (this.waiting.length >= this.waitingMax) throw new Problem('overloaded');
    return new Promise((resolve) => {
      this.waiting.push(resolve);
    });
  }
}
