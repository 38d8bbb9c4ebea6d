/**
 * The names of activations: `EPOCH_LENGTH` random characters an actor, in one array, since every frame that is sent begins
 * with one. 55 bits: none comes twice.
 */
import type { Clock } from '../../clock.ts';
import { EPOCH_LENGTH } from './session.ts';

const ROWS_MIN = 16;
const EPOCHS_PER_DRAW = 128;
const ALPHABET = Buffer.from('0123456789abcdefghjkmnpqrstvwxyz');

export class Epochs {
  private readonly clock: Pick<Clock, 'randomBytes'>;
  private characters = Buffer.alloc(ROWS_MIN * EPOCH_LENGTH);
  /** Random bytes of epochs to come, from `drawnAt` on. */
  private drawn: Uint8Array = new Uint8Array(0);
  private drawnAt = 0;

  constructor(clock: Pick<Clock, 'randomBytes'>) {
    this.clock = clock;
  }

  /** The row gets a new name. */
  draw(row: number): void {
    const start = row * EPOCH_LENGTH;
    if (start >= this.characters.length) this.grow(start + EPOCH_LENGTH);
    if (this.drawnAt === this.drawn.length) {
      this.drawn = this.clock.randomBytes(EPOCH_LENGTH * EPOCHS_PER_DRAW);
      this.drawnAt = 0;
    }
    for (let at = start; at < start + EPOCH_LENGTH; at++) {
      this.characters[at] = ALPHABET[(this.drawn[this.drawnAt++] ?? 0) & 31] ?? 0;
    }
  }

  text(row: number): string {
    return this.characters.toString('latin1', row * EPOCH_LENGTH, (row + 1) * EPOCH_LENGTH);
  }

  write(row: number, target: Uint8Array, offset: number): void {
    const { characters } = this;
    const start = row * EPOCH_LENGTH;
    for (let place = 0; place < EPOCH_LENGTH; place++) target[offset + place] = characters[start + place] ?? 0;
  }

  /** Half as much again, in whole rows. */
  private grow(bytesMin: number): void {
    const rows = this.characters.length / EPOCH_LENGTH;
    const grown = Buffer.alloc(Math.max(bytesMin, (rows + (rows >>> 1)) * EPOCH_LENGTH));
    this.characters.copy(grown);
    this.characters = grown;
  }
}
