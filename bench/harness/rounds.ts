/** Rounds that go from system to system, so that what else the machine does hits all of them alike. */
import { figure, type Figure } from './statistics.ts';
import type { SystemFigures } from './scenario.ts';

export type Sample = Readonly<Record<string, number>>;

export interface Contestant {
  readonly name: string;
  /** One measurement. */
  measure(round: number): Promise<Sample>;
}

export interface RoundsOptions {
  readonly rounds: number;
  /** Measured and thrown away, so that code is compiled and caches are warm. */
  readonly warmUps: number;
  readonly step: (name: string, round: number) => void;
}

/** Round numbers of warm-ups are negative. */
export async function interleave(
  contestants: readonly Contestant[],
  { rounds, warmUps, step }: RoundsOptions,
): Promise<Record<string, SystemFigures>> {
  const samples = new Map<string, Sample[]>(contestants.map(({ name }) => [name, []]));
  for (let round = -warmUps; round < rounds; round++) {
    // Each round begins with another system, so that none always has the same one before it.
    const shift = Math.max(0, round) % contestants.length;
    for (const contestant of [...contestants.slice(shift), ...contestants.slice(0, shift)]) {
      step(contestant.name, round);
      const sample = await contestant.measure(round);
      if (round >= 0) samples.get(contestant.name)?.push(sample);
    }
  }
  return Object.fromEntries([...samples].map(([name, each]) => [name, figuresOf(each)]));
}

function figuresOf(samples: readonly Sample[]): SystemFigures {
  const names = new Set(samples.flatMap((sample) => Object.keys(sample)));
  return Object.fromEntries([...names].map((name) => [name, figure(samples.map((sample) => sample[name] ?? 0))]));
}

/** Median of one quantity of one system; NaN when it was not run. */
export function medianOf(systems: Readonly<Record<string, SystemFigures>>, name: string, quantity: string): number {
  const found: Figure | undefined = systems[name]?.[quantity];
  return found?.median ?? Number.NaN;
}

/** The first system's median over the second's; left out when one was not run. */
export function ratio(
  systems: Readonly<Record<string, SystemFigures>>,
  quantity: string,
  [over, under]: readonly [string, string],
): number | null {
  const value = medianOf(systems, over, quantity) / medianOf(systems, under, quantity);
  return Number.isFinite(value) ? value : null;
}

/** Without what was not measured. */
export function known(values: Readonly<Record<string, number | null>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, number] => entry[1] !== null && Number.isFinite(entry[1])),
  );
}
