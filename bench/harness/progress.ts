/** One line on the terminal that says what is going on; nothing where nobody watches. */
const WIDTH = 24;

export class Progress {
  private readonly stream: NodeJS.WriteStream;
  private done = 0;
  private total = 1;
  private what = '';

  constructor(stream: NodeJS.WriteStream) {
    this.stream = stream;
  }

  begin(what: string, steps: number): void {
    this.what = what;
    this.done = 0;
    this.total = Math.max(1, steps);
    this.draw('');
  }

  step(detail: string): void {
    this.done++;
    this.draw(detail);
  }

  /** Says what is being done, without counting it. */
  say(detail: string): void {
    this.draw(detail);
  }

  end(): void {
    if (this.stream.isTTY) this.stream.write('\r\u001b[2K');
  }

  private draw(detail: string): void {
    if (!this.stream.isTTY) return;
    const filled = Math.min(WIDTH, Math.round((this.done / this.total) * WIDTH));
    const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled);
    this.stream.write(`\r\u001b[2K${this.what.padEnd(9)} ${bar} ${detail}`.slice(0, (this.stream.columns ?? 80) + 5));
  }
}
