/** One event to everyone who follows an author: an edited post, durable before it is sent, to 10,000 connected phones. */
import { type Contestant, interleave, known, ratio } from '../harness/rounds.ts';
import type { Scenario, ScenarioContext, ScenarioResult } from '../harness/scenario.ts';
import { Stage } from '../harness/stage.ts';
import { postTemplate, sampleEvent } from '../product/sample-event.ts';
import { EMPTY_PLAN } from '../product/world.ts';
import { type DeliveryRun, DeliveryTotals, gather, measureBursts } from './deliveries.ts';

const PEERS = ['uws', 'ws', 'socketio-ws', 'socketio-uws'] as const;
/** With every fifty-first event a phone has half a window of bytes, deflated as they are, acknowledges, and owes nothing. */
const SIZES = { small: { readers: 1_000, bursts: 51 }, full: { readers: 10_000, bursts: 51 } } as const;
const STREAM = 0;

export const fanout: Scenario = {
  name: 'fanout',
  title: 'One event to every follower of an author',
  run: (context) => Stage.with(context, (stage) => run(context, stage)),
};

async function run(context: ScenarioContext, stage: Stage): Promise<ScenarioResult> {
  const { readers, bursts } = SIZES[context.scale];
  const plan = { ...EMPTY_PLAN, readers, stars: 1, postsPerStar: 100 };
  const { world, product, productFleet, peers, spare } = await gather(context, stage, plan, PEERS);
  const [star] = world.stars;
  if (star === undefined) throw new Error('the world has no star');
  const edit = (number: number): Promise<void> => product.edit(star, STREAM, number);
  let numbers = 0;
  const template = postTemplate(await sampleEvent(product, spare, () => edit(numbers++)));
  const totals = new DeliveryTotals();
  const contestant = (name: string, of: Omit<DeliveryRun, 'streams'>): Contestant => ({
    name,
    measure: () => {
      const from = numbers;
      numbers += bursts;
      return measureBursts({ ...of, streams: 1 }, from, bursts, totals);
    },
  });
  const contestants = [
    contestant('product', { pid: product.program.pid, port: product.port, fleet: productFleet, burst: edit }),
    ...peers.map(({ peer, fleet }) => {
      const burst = async (number: number): Promise<void> => {
        await peer.program.call('emit', { events: [{ template, stream: STREAM, number }], by: 'loop' });
      };
      return contestant(peer.name, { pid: peer.program.pid, port: peer.target.port, fleet, burst });
    }),
  ];
  const { rounds, progress } = context;
  progress.begin('fanout', contestants.length * (rounds + 1));
  const systems = await interleave(contestants, { rounds, warmUps: 1, step: (name) => progress.step(name) });
  const ratios = known(
    Object.fromEntries(
      PEERS.map((name) => [`product / ${name}`, ratio(systems, 'deliveriesPerCpuSecond', ['product', name])]),
    ),
  );
  return {
    systems,
    ratios,
    values: known({
      'P4.uws': ratios['product / uws'] ?? null,
      'P4.ws': ratios['product / ws'] ?? null,
      'P4.socketio': ratios['product / socketio-ws'] ?? null,
    }),
    delivered: totals.delivered,
    faults: totals.faults,
    notes: [
      `${readers} phones a system, ${bursts} events a round of ${Buffer.byteLength(template)} bytes, each seen by all before the next.`,
      'The product sends them deflated, as its own client asks for; peers send them as they are: deflating for each phone costs them more.',
      'The product checks, stores and syncs each edit and takes acknowledgements, all within the round; peers are handed the event and forget it.',
    ],
  };
}
