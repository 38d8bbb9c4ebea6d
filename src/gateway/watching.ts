/** `watch` and `unwatch` of one connection: grants are looked up first, and looked up again while they last. */
import { asProblem, Problem } from '../errors.ts';
import type { Connection, OpenPhase } from './connection.ts';
import type { ConnectionContext } from './connection-context.ts';
import { problemDocument } from './problem-document.ts';

export function watchTopics<Socket>(
  context: ConnectionContext,
  connection: Connection<Socket>,
  topics: readonly string[],
): void {
  const phase = connection.openPhase();
  if (phase === null) return;
  for (const topic of topics) void watchTopic(context, connection, phase, topic);
}

async function watchTopic<Socket>(
  context: ConnectionContext,
  connection: Connection<Socket>,
  phase: OpenPhase,
  topic: string,
): Promise<void> {
  phase.watching ??= { topics: new Set(), recheckAt: recheckTime(context) };
  const { topics } = phase.watching;
  if (topics.has(topic)) return;
  if (topics.size >= context.limits.watchedTopicsPerSession) {
    refuse(connection, new Problem('overloaded', { detail: `Too many watched topics: ${topic} is not watched.` }));
    return;
  }
  // Taken before the grant is known, so that an `unwatch` meanwhile and the limit both see it.
  topics.add(topic);
  try {
    if (!(await context.topics.mayWatch(phase, topic))) {
      throw new Problem('not-found', { detail: `There is no topic ${topic} for you.` });
    }
    if (connection.openPhase() !== phase || !topics.has(topic)) return;
    context.topics.watch(topic, connection);
    // Read once it is watched: a like between the page the client shows and this moment is in it, a later one is told.
    const present = await context.topics.present(phase, topic);
    if (connection.openPhase() === phase && topics.has(topic)) connection.live(present);
  } catch (error) {
    topics.delete(topic);
    context.topics.unwatch(topic, connection);
    refuse(connection, asProblem(error));
  }
}

export function unwatchTopics<Socket>(
  context: ConnectionContext,
  connection: Connection<Socket>,
  topics: readonly string[],
): void {
  const watched = connection.openPhase()?.watching?.topics;
  for (const topic of topics) {
    if (watched?.delete(topic) === true) context.topics.unwatch(topic, connection);
  }
}

/** What the viewer may no longer see stops, whoever forgot to say so. A store that is away changes nothing. */
export async function recheckGrants<Socket>(
  context: ConnectionContext,
  connection: Connection<Socket>,
  phase: OpenPhase,
): Promise<void> {
  if (phase.watching === null) return;
  const { topics } = phase.watching;
  phase.watching.recheckAt = recheckTime(context);
  for (const topic of topics) {
    const allowed = await context.topics.mayWatch(phase, topic).catch(() => true);
    if (connection.openPhase() !== phase) return;
    if (allowed || !topics.delete(topic)) continue;
    context.topics.unwatch(topic, connection);
    refuse(connection, new Problem('not-found', { detail: `There is no topic ${topic} for you any more.` }));
  }
}

export function unwatchAll<Socket>(context: ConnectionContext, connection: Connection<Socket>, phase: OpenPhase): void {
  for (const topic of phase.watching?.topics ?? []) context.topics.unwatch(topic, connection);
  phase.watching = null;
}

/** Twice in the promised time, so that a sweep that comes late is still in time. */
function recheckTime({ clock, limits }: ConnectionContext): number {
  return clock.monotonic() + limits.grantRecheckMs / 2;
}

function refuse<Socket>(connection: Connection<Socket>, problem: Problem): void {
  connection.send({ t: 'error', error: problemDocument(problem) });
}
