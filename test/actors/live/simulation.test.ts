import test from 'ava';
import { type Fault, simulate } from './simulation.ts';

const SEEDS = Number(process.env['SEEDS'] ?? 30);
const STEPS = 1200;

test('whatever happens, every phone ends up with every event that was written for it, and never sees a gap', async (t) => {
  const first = Number(process.env['SEED'] ?? 1);
  const modes = { fresh: 0, resumed: 0, behind: 0, notice: 0 };
  let delivered = 0;
  let deflated = 0;
  for (let seed = first; seed < first + SEEDS; seed++) {
    const result = await simulate(seed, STEPS);
    t.deepEqual(result.problems, [], `seed ${seed}`);
    for (const mode of Object.keys(modes) as (keyof typeof modes)[]) modes[mode] += result.modes[mode];
    delivered += result.delivered;
    deflated += result.deflated;
  }
  t.log(`${delivered} events learnt from seed ${first} on, ${deflated} frames deflated`, modes);
  t.true(deflated > 500);
  t.true(delivered > 10_000 && Object.values(modes).every((count) => count > 20), 'every way was taken often');
});

const FAULTS: readonly Exclude<Fault, 'none'>[] = [
  'advance-on-dropped',
  'no-delivery-of-broadcast-events',
  'no-overlap',
  'lose-one-event',
  'announce-no-follows',
];

for (const fault of FAULTS) {
  test(`the simulation notices a broken rule: ${fault}`, async (t) => {
    for (let seed = 1; seed <= 60; seed++) {
      const { problems } = await simulate(seed, STEPS, fault);
      if (problems.length > 0) {
        t.log(`seed ${seed}: ${problems[0]}`);
        t.pass();
        return;
      }
    }
    t.fail('60 seeds passed with the rule broken');
  });
}
