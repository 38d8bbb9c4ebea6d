import { isDeepStrictEqual } from 'node:util';
import test from 'ava';
import fc from 'fast-check';
import { liveClient } from '../support/live-client.ts';
import { postEvent, type ScriptedLiveServer } from '../support/scripted-live-server.ts';

type Step =
  | { kind: 'append' | 'appendLiveFirst' | 'append twice'; count: number }
  | {
      kind:
        | 'nop'
        | 'flush'
        | 'loseFrame'
        | 'repeatFrame'
        | 'cut'
        | 'restart'
        | 'moveActor'
        | 'failSync'
        | 'hold'
        | 'answer';
    }
  | { kind: 'wait'; ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('append' as const, 'appendLiveFirst' as const, 'append twice' as const),
      count: fc.integer({ min: 1, max: 12 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'nop' as const,
        'flush' as const,
        'flush' as const,
        'loseFrame' as const,
        'repeatFrame' as const,
        'cut' as const,
        'restart' as const,
        'moveActor' as const,
        'failSync' as const,
        'hold' as const,
        'answer' as const,
      ),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 2000 }) }) },
);

function perform(server: ScriptedLiveServer, step: Step, numbers: { next: number }): void {
  switch (step.kind) {
    case 'append':
      for (let index = 0; index < step.count; index++) server.append(postEvent(numbers.next++));
      break;
    case 'append twice':
      for (let index = 0; index < step.count; index++) {
        const event = postEvent(numbers.next++);
        server.append(event);
        server.appendDurable(event);
      }
      break;
    case 'appendLiveFirst': {
      const events = Array.from({ length: step.count }, () => postEvent(numbers.next++));
      server.appendLiveFirst(events);
      break;
    }
    case 'nop':
      server.appendLive(postEvent(-1));
      server.blank();
      break;
    case 'failSync':
      server.failNextSyncs = 2;
      break;
    case 'hold':
      server.hold = true;
      break;
    case 'wait':
      break;
    case 'flush':
    case 'loseFrame':
    case 'repeatFrame':
    case 'cut':
    case 'restart':
    case 'moveActor':
    case 'answer':
      server[step.kind]();
      break;
  }
}

/** A linear congruential generator: the same steps with the same seed come out the same. */
function randomness(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

for (const deflates of ['never', 'by chance', 'always'] as const) {
  test(`whatever happens to connections, frames and servers, the application sees every event exactly once and in order; frames are deflated ${deflates}`, async (t) => {
    let cutWhileInflating = 0;
    const runs = fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 60 }),
      fc.integer(),
      async (steps, seed) => {
        const random = randomness(seed);
        const options = { random, overlapEvents: 15, deflates };
        const { server, platform, seen, reloads, failures, live } = liveClient(options);
        platform.inflateMs = () => (random() < 0.5 ? 0 : random() * 1500);
        live.start();
        await platform.run(1);
        const numbers = { next: 1 };
        for (const step of steps) {
          if ((step.kind === 'cut' || step.kind === 'restart') && platform.inflating > 0) cutWhileInflating++;
          perform(server, step, numbers);
          if (step.kind === 'wait') await platform.run(step.ms);
        }
        server.answer();
        await platform.run(300_000);
        // A lost frame shows when the next one comes.
        server.append(postEvent(numbers.next++));
        server.flush();
        await platform.run(300_000);
        live.stop();
        const expected = Array.from({ length: numbers.next - 1 }, (_, index) => `post.new:${index + 1}`);
        // The log of the model, and its inbox, are in the order of the numbers; what comes late or again is a double.
        return isDeepStrictEqual({ seen, reloads, failures }, { seen: expected, reloads: [], failures: [] });
      },
    );
    await fc.assert(runs, { numRuns: 300 });
    t.is(cutWhileInflating > 0, deflates !== 'never');
  });
}
