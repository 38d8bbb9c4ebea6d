/** The live room's measures as metrics. */
import type { LiveMeasures } from '../actors/live/live-measures.ts';
import type { Metrics } from '../metrics.ts';

export function liveMeasures(metrics: Metrics): LiveMeasures {
  const attached = {
    fresh: metrics.counter('sessions_fresh', 'Connections that began without a position.'),
    resumed: metrics.counter('sessions_resumed', 'Connections that went on from the log, without a store read.'),
    behind: metrics.counter('sessions_behind', 'Connections whose position the log did not hold any more.'),
  };
  const fellBehind = metrics.counter('sessions_fell_behind', 'Connected clients that were told to catch up.');
  const sent = metrics.counter('events_sent', 'Events that were handed to connections.');
  const acknowledged = metrics.counter('events_acknowledged', 'Events that devices said they have.');
  const age = metrics.timing(
    'post_acknowledged',
    'From a command being accepted here to a device acknowledging its event.',
  );
  return {
    attached: (mode) => attached[mode].add(),
    fellBehind: () => fellBehind.add(),
    sent: (events) => sent.add(events),
    acknowledged(events, ageMs) {
      acknowledged.add(events);
      if (ageMs !== null) age.observeMs(ageMs);
    },
  };
}
