/** Everything operations may call. Bound once, by the composition root. */
import type { Engagement, Feed, Graph, LiveTopics, Notifications, Posts, Profiles } from '../actors/services.ts';
import type { Uploads } from '../media/uploads.ts';
import type { Accounts } from './auth/accounts.ts';

export interface Services {
  readonly accounts: Accounts;
  readonly profiles: Profiles;
  readonly graph: Graph;
  readonly posts: Posts;
  readonly feed: Feed;
  readonly engagement: Engagement;
  readonly notifications: Notifications;
  readonly uploads: Uploads;
  readonly topics: LiveTopics;
}
