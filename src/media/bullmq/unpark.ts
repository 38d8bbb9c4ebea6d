/** Forgets parked jobs, so that their keys can be added again. */
import type { BullQueue } from './queues.ts';
import type { RedisClient } from './redis-client.ts';

/**
 * KEYS[1]  the sorted set of failed jobs, which are the parked ones
 * ARGV[1]  what the key of a job begins with; in a cluster it has the hash tag of KEYS[1]
 * ARGV[2…] ids
 *
 * Atomic: a job is either parked, with all there is of it, or gone. Those that wait or run are not touched.
 */
const SCRIPT = `
for index = 2, #ARGV do
  if redis.call('ZREM', KEYS[1], ARGV[index]) == 1 then
    redis.call('DEL', ARGV[1] .. ARGV[index], ARGV[1] .. ARGV[index] .. ':logs')
  end
end
return #ARGV - 1
`;

export async function unpark(client: RedisClient, queue: BullQueue, ids: readonly string[]): Promise<void> {
  await client.eval(SCRIPT, 1, queue.toKey('failed'), queue.toKey(''), ...ids);
}
