/** Starts a Redis as the bench does, says what it is, and lives until it is killed. */
import { RedisServer } from '../../bench/harness/redis-server.ts';

process.send?.(await new RedisServer().start());
