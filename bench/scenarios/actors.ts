/** What a resident actor costs, and how fast actors take messages and become resident: no network, no store. */
import { join } from 'node:path';
import { Program } from '../harness/calls.ts';
import { NO_FAULTS } from '../harness/delivery-check.ts';
import { type Contestant, interleave, known, medianOf, ratio, type Sample } from '../harness/rounds.ts';
import type { Scenario, ScenarioContext, ScenarioResult } from '../harness/scenario.ts';
import type { ActorCalls, ActorKind } from './actors-process.ts';

const ENTRY = join(import.meta.dirname, 'actors-process.ts');
const SIZES = {
  small: { actors: 10_000, plain: 2_000, activated: 20_000, messages: 200_000, apart: false },
  /** `apart`: a process for each figure, so that none is measured on what another left behind. */
  full: { actors: 200_000, plain: 50_000, activated: 500_000, messages: 10_000_000, apart: true },
} as const;
const LOG_EVENTS = 16;
const TOLD_ACTORS = 10_000;
const KINDS: readonly ActorKind[] = ['product', 'plain objects', 'nact'];

export const actors: Scenario = { name: 'actors', title: 'Resident actors: memory and messages', run };

async function run({ scale, rounds, progress }: ScenarioContext): Promise<ScenarioResult> {
  const size = SIZES[scale];
  const contestants = KINDS.map((kind): Contestant => ({ name: kind, measure: () => measure(kind, size) }));
  progress.begin('actors', contestants.length * rounds);
  const systems = await interleave(contestants, { rounds, warmUps: 0, step: (name) => progress.step(name) });
  return {
    systems,
    ratios: known({
      'plain objects / product, bytes per actor': ratio(systems, 'bytesPerActor', ['plain objects', 'product']),
      'nact / product, bytes per actor': ratio(systems, 'bytesPerActor', ['nact', 'product']),
      'product / plain objects, tells': ratio(systems, 'tellsPerCpuSecond', ['product', 'plain objects']),
      'product / nact, tells': ratio(systems, 'tellsPerCpuSecond', ['product', 'nact']),
      'product / nact, asks': ratio(systems, 'asksPerCpuSecond', ['product', 'nact']),
    }),
    values: known({
      'P2.actor': medianOf(systems, 'product', 'bytesPerActor') / 1024,
      'P10.tell': medianOf(systems, 'product', 'tellsPerCpuSecond') / 1e6,
      'P10.activation': medianOf(systems, 'product', 'activationsPerCpuSecond') / 1e3,
    }),
    delivered: 0,
    faults: NO_FAULTS,
    notes: [
      `An actor: 100 timeline entries, 20 followed authors, ${LOG_EVENTS} log events. Measured with ${size.actors} of them (${size.plain} of the others).`,
      `Tell: an event into the log of one of ${TOLD_ACTORS} actors in turn, in order, into a bounded ring. Ask: a command through a user's mailbox and its answer.`,
      'nact: the package of that name, whose mailboxes have no bound; it is given its next messages when it has taken in the last.',
    ],
  };
}

async function measure(kind: ActorKind, size: (typeof SIZES)[ScenarioContext['scale']]): Promise<Sample> {
  const fresh = async <Result>(use: (program: Program<ActorCalls>) => Promise<Result>): Promise<Result> => {
    const program = new Program<ActorCalls>(ENTRY, { nodeFlags: ['--expose-gc', '--max-old-space-size=8192'] });
    try {
      return await use(program);
    } finally {
      await program.stop();
    }
  };
  const count = kind === 'product' ? size.actors : size.plain;
  const { activated, messages, apart } = size;
  const bytesPerActor = await fresh((program) =>
    program.call('memory', { kind, actors: count, logEvents: LOG_EVENTS }),
  );
  const figures: Speed[] = [
    async (program) => ({
      activationsPerCpuSecond: await program.call('activation', { kind, actors: activated }),
    }),
    async (program) => ({
      tellsPerCpuSecond: await program.call('tell', { kind, actors: TOLD_ACTORS, messages }),
    }),
  ];
  if (kind !== 'plain objects') {
    figures.push(async (program) => ({
      asksPerCpuSecond: await program.call('ask', { kind, actors: 1_000, messages: messages / 10 }),
    }));
  }
  const samples = apart
    ? await eachInTurn(figures, (figure) => fresh(figure))
    : await fresh((program) => eachInTurn(figures, (figure) => figure(program)));
  return Object.assign({ bytesPerActor }, ...samples) as Sample;
}

type Speed = (program: Program<ActorCalls>) => Promise<Sample>;

async function eachInTurn(
  figures: readonly Speed[],
  measureOne: (figure: Speed) => Promise<Sample>,
): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const figure of figures) samples.push(await measureOne(figure));
  return samples;
}
