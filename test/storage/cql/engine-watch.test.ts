import test from 'ava';
import { nextTurn } from '../../../src/clock.ts';
import { limits } from '../../../src/limits.ts';
import { silentLogger } from '../../../src/log.ts';
import { EngineWatch } from '../../../src/storage/cql/engine-watch.ts';
import { ManualClock } from '../../support/manual-clock.ts';

function watched() {
  const clock = new ManualClock();
  const engine = { silent: false, asked: 0 };
  const ask = (): Promise<unknown> => {
    engine.asked++;
    if (!engine.silent) return Promise.resolve();
    return new Promise((_, reject) => {
      clock.after(limits.cqlHeartbeatAnswerMs, () => reject(new Error('no answer in time')));
    });
  };
  const watch = new EngineWatch({ clock, log: silentLogger, ask });
  watch.start();
  /** One heartbeat after the other, with time for what follows from each. */
  const pass = async (durationMs: number, meanwhile: () => void = () => undefined): Promise<void> => {
    for (let passedMs = 0; passedMs < durationMs; passedMs += limits.cqlHeartbeatMs) {
      clock.advance(limits.cqlHeartbeatMs);
      meanwhile();
      await nextTurn();
      await nextTurn();
    }
  };
  return { watch, engine, pass };
}

test('an engine that answers nothing is away within four seconds, and back with its first answer', async (t) => {
  const { watch, engine, pass } = watched();
  await pass(60_000);
  t.false(watch.away);
  engine.silent = true;
  await pass(limits.cqlHeartbeatMs + limits.cqlHeartbeatAnswerMs);
  t.true(watch.away);
  engine.silent = false;
  await pass(limits.cqlHeartbeatMs);
  t.false(watch.away);
});

test('an engine that answers anything is not away, though it leaves the question itself unanswered', async (t) => {
  const { watch, engine, pass } = watched();
  engine.silent = true;
  await pass(60_000, () => watch.answered());
  t.false(watch.away);
  await pass(10_000);
  t.true(watch.away);
});

test('one question at a time, and none after the end', async (t) => {
  const { watch, engine, pass } = watched();
  engine.silent = true;
  await pass(60_000);
  t.true(engine.asked <= 60_000 / limits.cqlHeartbeatAnswerMs + 1, `${engine.asked} questions`);
  watch.stop();
  const { asked } = engine;
  await pass(10_000);
  t.is(engine.asked, asked);
});
