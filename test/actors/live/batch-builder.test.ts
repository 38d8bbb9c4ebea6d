/** What was joined for a flush is used again in its later turns, and never for other events. */
import test from 'ava';
import { BatchBuilder } from '../../../src/actors/live/batch-builder.ts';
import { EventBodies } from '../../../src/actors/live/event-bodies.ts';
import { EventLogs } from '../../../src/actors/live/event-log.ts';
import { Slab } from '../../../src/actors/live/slab.ts';
import { limits } from '../../../src/limits.ts';
import { event } from '../../support/live.ts';
import { ManualClock } from '../../support/manual-clock.ts';

const LONG = JSON.stringify('x'.repeat(limits.deflateBytesMin));

function builderFixture() {
  const bodies = new EventBodies(new ManualClock(), limits);
  const logs = new EventLogs(new Slab(), bodies, limits);
  const builder = new BatchBuilder(logs, bodies, limits);
  const add = (actor: number, number: number): number => {
    const handle = bodies.acquire(event(number, 'post.new', LONG));
    logs.append(actor, handle);
    bodies.release(handle);
    return handle;
  };
  const pick = (actor: number): void => builder.pick(actor, 1, limits.windowEvents, limits.eventsFrameBytesMax);
  return { builder, logs, add, pick };
}

test('a later turn of the flush sends what the first one joined and deflated', (t) => {
  const { builder, logs, add, pick } = builderFixture();
  for (const actor of [0, 1, 2]) {
    logs.open(actor, 0);
    for (const number of [1, 2]) add(actor, number);
  }
  pick(0);
  const json = builder.json();
  t.is(builder.deflated(), null, 'the first may be the only one');
  builder.endTurn();
  t.is(builder.count, 0);
  t.false(builder.pickAgain(1, 1, limits.windowEvents, limits.eventsFrameBytesMax));
  pick(1);
  t.is(builder.json(), json);
  const deflated = builder.deflated();
  t.truthy(deflated);
  builder.endTurn();
  pick(2);
  t.is(builder.deflated(), deflated);
  builder.forget();
  pick(2);
  t.not(builder.json(), json);
  t.is(builder.deflated(), null);
});

test('an event whose handle was another’s in an earlier turn is sent itself', (t) => {
  const { builder, logs, add, pick } = builderFixture();
  logs.open(0, 0);
  const first = add(0, 1);
  pick(0);
  t.true(builder.json().includes(`"${event(1).id}"`));
  let number = 1;
  for (let handle = 0; handle !== first; ) {
    builder.endTurn();
    logs.drop(0);
    logs.open(0, 0);
    handle = add(0, ++number);
    t.true(number < 1_000);
  }
  pick(0);
  t.true(builder.json().includes(`"${event(number).id}"`));
});
