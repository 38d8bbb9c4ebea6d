import test from 'ava';
import { NO_FAULTS } from '../../bench/harness/delivery-check.ts';
import { factsOf, type KeptLine } from '../../bench/report/results-file.ts';

function line(scenario: string, commit: string): KeptLine {
  return {
    scenario,
    title: scenario,
    scale: 'full',
    rounds: 3,
    seconds: 1,
    systems: {},
    ratios: {},
    goals: [],
    met: true,
    delivered: 0,
    faults: NO_FAULTS,
    notes: [],
    date: '2026-01-01',
    commit,
    machine: 'two cores',
  };
}

test('the report names one commit only if everything was measured of it', (t) => {
  t.is(factsOf([line('idle', 'aaa'), line('push', 'aaa')]), '2026-01-01 · commit aaa · two cores');
  t.is(factsOf([line('idle', 'aaa'), line('push', 'bbb')]), '2026-01-01 · several commits · two cores');
});
