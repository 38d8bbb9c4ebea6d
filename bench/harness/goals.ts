/**
 * The goals that are measured here, in parts: each part compares one value with one target. A part applies at the scales
 * named: figures of connection scale mean nothing with a thousand connections.
 */
import type { Scale } from './scenario.ts';

export interface GoalPart {
  readonly id: string;
  readonly scenario: string;
  /** What the value is, for the report. */
  readonly what: string;
  readonly unit: string;
  readonly target: number;
  readonly better: 'higher' | 'lower';
  readonly scales: readonly Scale[];
}

export interface GoalVerdict {
  readonly id: string;
  readonly what: string;
  readonly unit: string;
  readonly applies: boolean;
  /** Null when it was not measured in this run. */
  readonly value: number | null;
  readonly target: number;
  readonly better: 'higher' | 'lower';
  readonly met: boolean;
}

type Row = readonly [id: string, scenario: string, what: string, unit: string, better: '≥' | '≤', target: number];

const ROWS: readonly Row[] = [
  [
    'P1.without-actor',
    'idle',
    'memory per idle connection without its actor, against bare uWebSockets.js',
    '×',
    '≤',
    1.3,
  ],
  ['P1.with-actor', 'idle', 'memory per idle connection with its actor and hot timeline', 'KiB', '≤', 2],
  ['P3.idle-cpu', 'idle', 'CPU per second and idle connection', 'µs', '≤', 1.5],
  ['P2.actor', 'actors', 'resident actor with 100-entry timeline and log', 'KiB', '≤', 1.2],
  ['P10.tell', 'actors', 'messages told to actors per CPU second', 'M/s', '≥', 5],
  ['P10.activation', 'actors', 'activations without I/O per CPU second', 'k/s', '≥', 250],
  ['P4.uws', 'fanout', 'deliveries per CPU second against bare uWebSockets.js', '×', '≥', 0.9],
  ['P4.ws', 'fanout', 'deliveries per CPU second against ws', '×', '≥', 1.4],
  ['P4.socketio', 'fanout', 'deliveries per CPU second against socket.io', '×', '≥', 2.2],
  ['P5.ws', 'coalesce', '16 events in a flush window: deliveries per CPU second against ws', '×', '≥', 15],
  ['P5.socketio', 'coalesce', '16 events in a flush window: against socket.io', '×', '≥', 20],
  ['P5.uws', 'coalesce', '16 events in a flush window: against publish of bare uWebSockets.js', '×', '≥', 1.1],
  ['P6.p99', 'push', 'accepted post to the socket of each of 500 followers, p99', 'ms', '≤', 10],
  ['P6.socketio', 'push', 'the same, against socket.io with the Redis adapter', '×', '≤', 0.5],
  ['P7.uws', 'resume', 'resumed connections per CPU second against bare uWebSockets.js handshakes', '×', '≥', 0.65],
  ['P7.rate', 'resume', 'resumed connections per CPU second', 'k/s', '≥', 30],
  ['P7.ws', 'resume', 'resumed connections per CPU second against ws with a hello frame', '×', '≥', 6],
  ['P8.flat', 'resume', 'cost of a resume after 100 times as much traffic of others', '×', '≤', 1.15],
  ['P8.socketio', 'resume', 'cheaper than socket.io’s recovery from a Redis stream with 10,000 events', '×', '≥', 50],
  ['R5.growth', 'slow', 'memory that a phone costs which stopped reading', 'KiB', '≤', 64],
  ['R5.others', 'slow', 'p99 of the others, against nobody being slow', '×', '≤', 1.1],
  ['P11.hot', 'feed', 'page of 20 from a resident actor, p99', 'ms', '≤', 2],
  ['P11.cold', 'feed', 'page of 20 of someone who was not here, p99', 'ms', '≤', 20],
  ['P11.load', 'feed', 'p99 at 5,000 feed reads per second', 'ms', '≤', 500],
  ['P12.sets', 'media', 'rendition sets per CPU second against four independent pipelines', '×', '≥', 1.8],
  ['P12.first', 'media', 'photo sent to first rendition visible, p99', 'ms', '≤', 150],
];

export const GOAL_PARTS: readonly GoalPart[] = ROWS.map(([id, scenario, what, unit, better, target]) => ({
  id,
  scenario,
  what,
  unit,
  target,
  better: better === '≥' ? 'higher' : 'lower',
  scales: ['full'],
}));

/** The verdicts on a scenario's goals. A part that applies and was not measured is not met. */
export function judge(scenario: string, scale: Scale, values: Readonly<Record<string, number>>): GoalVerdict[] {
  return GOAL_PARTS.filter((part) => part.scenario === scenario).map((part) => {
    const { id, what, unit, target, better } = part;
    const value = values[part.id] ?? null;
    const reached = value !== null && (part.better === 'higher' ? value >= part.target : value <= part.target);
    return { id, what, unit, applies: part.scales.includes(scale), value, target, better, met: reached };
  });
}

export function allMet(verdicts: readonly GoalVerdict[]): boolean {
  return verdicts.every((verdict) => !verdict.applies || verdict.met);
}
