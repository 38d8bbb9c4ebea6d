/** Owns a pool with one child that decodes the file named by the argument again and again: to be killed. */
import { readFileSync } from 'node:fs';
import { systemClock } from '../../../src/clock.ts';
import { RenditionPool } from '../../../src/media/renditions/rendition-pool.ts';

const photo = readFileSync(process.argv[2] ?? '');
const pool = new RenditionPool({ clock: systemClock, workers: 1 });
for (;;) {
  await pool.render(photo, async ({ size, format }) => {
    if (size === 1080 && format === 'jpeg') process.stdout.write(`${pool.decoding().join(' ')}\n`);
  });
}
