import { Histogram, Registry } from 'prom-client';
import test from 'ava';
import { createMetrics } from '../src/metrics.ts';

test('a histogram is written as the library writes one', async (t) => {
  const metrics = createMetrics();
  const timing = metrics.timing('probe', 'How long it took.');
  const registry = new Registry();
  const buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 120];
  const options = { name: 'shutterline_probe_seconds', help: 'How long it took.', buckets };
  const model = new Histogram({ ...options, registers: [registry] });
  for (const durationMs of [0, -1, 0.5, 1, 1.5, 2.5, 2.75, 500, 119_999, 120_000, 120_001, 1_000_000]) {
    timing.observeMs(durationMs);
    model.observe(durationMs / 1000);
  }
  t.is((await metrics.text()).trim(), (await registry.metrics()).trim());
});

test('one that has seen nothing is written too, the same name is the same histogram, and the families are apart', async (t) => {
  const metrics = createMetrics();
  const first = metrics.timing('first', 'First.');
  metrics.timing('second', 'Second.');
  metrics.timing('first', 'First.').observeMs(3);
  first.observeMs(4);
  metrics.counter('things', 'Things.').add(2);
  const text = await metrics.text();
  t.regex(text, /^shutterline_first_seconds_count 2$/m);
  t.regex(text, /^shutterline_second_seconds_bucket\{le="\+Inf"\} 0$/m);
  t.regex(text, /^shutterline_things_total 2$/m);
  t.is(text.match(/^# TYPE /gm)?.length, 3);
  t.true(text.endsWith('\n'));
});
