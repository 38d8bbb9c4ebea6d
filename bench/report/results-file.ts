/** What a run leaves behind: `bench/results/<scale>.json`, from which the page and RESULTS.md are made. */
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Scale, ScenarioLine } from '../harness/scenario.ts';

/** A scenario's result, with when and of what it was measured: scenarios are run again one by one. */
export interface KeptLine extends ScenarioLine {
  readonly date: string;
  readonly commit: string;
  readonly machine: string;
}

export interface Results {
  readonly lines: readonly KeptLine[];
}

const BENCH = join(import.meta.dirname, '..');
const GIB = 1024 ** 3;

export async function readResults(scale: Scale): Promise<Results | null> {
  const text = await readFile(pathOf(scale), 'utf8').catch(() => null);
  return text === null ? null : (JSON.parse(text) as Results);
}

/** A scenario that was run again takes the place of its former line. */
export async function keepLine(line: ScenarioLine, order: readonly string[]): Promise<void> {
  const held = (await readResults(line.scale))?.lines ?? [];
  const lines = [...held.filter(({ scenario }) => scenario !== line.scenario), { ...line, ...factsOfNow() }];
  lines.sort((left, right) => order.indexOf(left.scenario) - order.indexOf(right.scenario));
  await mkdir(join(BENCH, 'results'), { recursive: true });
  await writeFile(pathOf(line.scale), `${JSON.stringify({ lines } satisfies Results, null, 1)}\n`);
}

function pathOf(scale: Scale): string {
  return join(BENCH, 'results', `${scale}.json`);
}

/** The date and commit that all lines share, or a word that they differ; each scenario says its own. */
export function factsOf(lines: readonly KeptLine[]): string {
  const shared = (values: readonly string[], differ: string): string => {
    const [first = '', ...others] = new Set(values);
    return others.length === 0 ? first : differ;
  };
  const date = shared(
    lines.map((line) => line.date),
    'several days',
  );
  const commit = shared(
    lines.map((line) => `commit ${line.commit}`),
    'several commits',
  );
  const machine = shared(
    lines.map((line) => line.machine),
    'several machines',
  );
  return `${date} · ${commit} · ${machine}`;
}

function factsOfNow(): Pick<KeptLine, 'date' | 'commit' | 'machine'> {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: BENCH, encoding: 'utf8' }).trim();
  const [cpu] = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    commit,
    machine: `${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / GIB)} GiB, node ${process.versions.node}`,
  };
}
