/** Checks the checker: with deliveries broken on purpose, one in 10,000, it must find every single one. */
import { join } from 'node:path';
import { Program } from '../harness/calls.ts';
import type { DeliveryFaults } from '../harness/delivery-check.ts';
import { identitiesOf } from '../harness/identities.ts';
import type { ScenarioContext } from '../harness/scenario.ts';
import { Stage } from '../harness/stage.ts';
import { EMPTY_PLAN } from '../product/world.ts';
import type { FaultKind } from './fault-injection.ts';
import type { ProxyCalls } from './fault-proxy.ts';

const PROXY = join(import.meta.dirname, 'fault-proxy.ts');
const READERS = 500;
/** The last fault lies well before the end: a frame that changes places needs another one behind it. */
const EVENTS = 130;
const ONE_IN = 10_000;
const STREAM = 0;

export interface Verification {
  readonly inject: FaultKind;
  readonly delivered: number;
  readonly injected: number;
  readonly found: DeliveryFaults;
  readonly complete: boolean;
}

export function verify(context: ScenarioContext, inject: FaultKind): Promise<Verification> {
  return Stage.with(context, async (stage) => {
    const world = await stage.world({ ...EMPTY_PLAN, readers: READERS, stars: 1, postsPerStar: 10 });
    const product = await stage.product(world);
    const [star] = world.stars;
    if (star === undefined) throw new Error('the world has no star');
    const proxy = stage.own(new Program<ProxyCalls>(PROXY));
    const { port } = await proxy.call('listen', { port: product.port, kind: inject, oneIn: ONE_IN });
    const fleet = await stage.fleet({ ...product.target, port }, identitiesOf(world, world.readers), 'the product');
    await fleet.begin([0]);
    context.progress.begin('verify', EVENTS);
    for (let number = 0; number < EVENTS; number++) {
      await product.edit(star, STREAM, number);
      context.progress.step(inject);
      // Each event on its own: a frame that is broken is then one delivery.
      await fleet.deliveredInAll((number + 1) * READERS * (1 - 2 / ONE_IN) - 2, 1_000);
    }
    await fleet.deliveredInAll(EVENTS * READERS, 1_000);
    const { delivered, ...report } = await fleet.finish([EVENTS]);
    const { lost, duplicated, reordered, misnumbered } = report;
    const injected = await proxy.call('injected', null);
    const found = { lost, duplicated, reordered, misnumbered };
    return { inject, delivered, injected, found, complete: injected > 0 && matches(inject, injected, found) };
  });
}

/** Nothing more and nothing less than what was injected. */
function matches(inject: FaultKind, injected: number, { lost, duplicated, reordered }: DeliveryFaults): boolean {
  const expected = {
    lost: inject === 'drop' ? injected : 0,
    duplicated: inject === 'duplicate' ? injected : 0,
    reordered: inject === 'reorder' ? injected : 0,
  };
  return lost === expected.lost && duplicated === expected.duplicated && reordered === expected.reordered;
}
