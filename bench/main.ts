/**
 * `npm run bench -- SCENARIO… [--peers a,b] [--scale small|full] [--rounds n] [--json] [--keep]`, `all`, `report`, and
 * `verify --inject drop|duplicate|reorder`. Ends with 1 when a delivery was lost, doubled or reordered, never for a figure.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isExact } from './harness/delivery-check.ts';
import { allMet, judge } from './harness/goals.ts';
import { Progress } from './harness/progress.ts';
import type { Scale, Scenario, ScenarioContext, ScenarioLine } from './harness/scenario.ts';
import { lineText } from './report/line-text.ts';
import { writeReport } from './report/report.ts';
import { keepLine } from './report/results-file.ts';
import { FAULT_KINDS } from './verify/fault-injection.ts';
import { verify } from './verify/verify.ts';
import { SCENARIOS } from './scenarios/catalogue.ts';

const USAGE = `npm run bench -- SCENARIO… [--peers a,b] [--scale small|full] [--rounds n] [--json] [--keep]
npm run bench -- all            every scenario
npm run bench -- report         the page and RESULTS.md, from runs with --keep
npm run bench -- verify --inject drop|duplicate|reorder

Scenarios:
${SCENARIOS.map(({ name, title }) => `  ${name.padEnd(9)} ${title}`).join('\n')}
`;

interface Options {
  readonly scale: Scale;
  readonly rounds: number;
  readonly peers: readonly string[];
  readonly json: boolean;
  /** Into bench/results, for the report. */
  readonly keep: boolean;
}

async function inFolder<Result>(name: string, use: (context: RunContext) => Promise<Result>): Promise<Result> {
  const progress = new Progress(process.stderr);
  const folder = await mkdtemp(join(tmpdir(), 'shutterline-bench-'));
  progress.begin(name, 1);
  try {
    return await use({ folder, progress });
  } finally {
    progress.end();
    await rm(folder, { recursive: true, force: true });
  }
}

type RunContext = Pick<ScenarioContext, 'folder' | 'progress'>;

async function runScenario(scenario: Scenario, options: Options): Promise<ScenarioLine> {
  const startedMs = performance.now();
  const { values, ...result } = await inFolder(scenario.name, (own) => scenario.run({ ...options, ...own }));
  const goals = judge(scenario.name, options.scale, values);
  return {
    scenario: scenario.name,
    title: scenario.title,
    scale: options.scale,
    rounds: options.rounds,
    seconds: Math.round((performance.now() - startedMs) / 1000),
    ...result,
    goals,
    met: allMet(goals),
  };
}

/** True if every injected fault was found. */
async function runVerify(options: Options, asked: string | undefined): Promise<boolean> {
  const kinds = FAULT_KINDS.filter((kind) => asked === undefined || kind === asked);
  let complete = kinds.length > 0;
  for (const kind of kinds) {
    const verification = await inFolder('verify', (own) => verify({ ...options, ...own }, kind));
    process.stdout.write(`${JSON.stringify(verification)}\n`);
    complete &&= verification.complete;
  }
  return complete;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      peers: { type: 'string', default: '' },
      scale: { type: 'string', default: 'small' },
      rounds: { type: 'string', default: '3' },
      json: { type: 'boolean', default: false },
      keep: { type: 'boolean', default: false },
      inject: { type: 'string' },
    },
  });
  const options: Options = {
    scale: values.scale === 'full' ? 'full' : 'small',
    rounds: Math.max(1, Number(values.rounds) || 3),
    peers: values.peers === '' ? [] : values.peers.split(','),
    json: values.json,
    keep: values.keep,
  };
  if (positionals.includes('report')) {
    const written = await writeReport();
    for (const path of written) process.stdout.write(`${path}\n`);
    return written.length > 0 ? 0 : 1;
  }
  if (positionals.includes('verify')) return (await runVerify(options, values.inject)) ? 0 : 1;
  const wanted = positionals.includes('all') ? SCENARIOS : SCENARIOS.filter(({ name }) => positionals.includes(name));
  if (wanted.length === 0) {
    process.stderr.write(USAGE);
    return 2;
  }
  let exact = true;
  for (const scenario of wanted) {
    const line = await runScenario(scenario, options);
    process.stdout.write(options.json ? `${JSON.stringify(line)}\n` : lineText(line));
    if (options.keep)
      await keepLine(
        line,
        SCENARIOS.map(({ name }) => name),
      );
    exact &&= isExact(line.faults);
  }
  return exact ? 0 : 1;
}

process.exitCode = await main();
