/** The queues as BullMQ has them. Each has its own hash tag: in a cluster all its keys are on one node, and queues spread. */
import { Queue } from 'bullmq';
import { limits } from '../../limits.ts';
import type { JobData, QueueName } from '../job-queue.ts';
import type { RedisClient } from './redis-client.ts';

export type BullQueue = Queue<JobData, void>;

export function prefixOf(prefix: string, queue: QueueName): string {
  return `{${prefix}.${queue}}`;
}

export function createQueue(prefix: string, name: QueueName, connection: RedisClient): BullQueue {
  return new Queue<JobData, void>(name, {
    connection,
    prefix: prefixOf(prefix, name),
    streams: { events: { maxLen: limits.jobEventsKept } },
  });
}

/** Waiting, delayed and active. */
export async function depthOf(queue: BullQueue): Promise<number> {
  return queue.getJobCountByTypes('wait', 'prioritized', 'delayed', 'active');
}
