/**
 * Who watches which topic on this node. One subscription per topic however many watch it, and one message object per
 * publication, so that a link can encode it once for all of them. Only who may see a post may watch it.
 */
import { asProblem } from '../errors.ts';
import { parseId, type PostId } from '../ids.ts';
import type { Services } from './services.ts';
import type { ServerMessage } from './protocol/messages.ts';
import type { Viewer } from './operation.ts';

export type LiveMessage = Extract<ServerMessage, { t: 'live' }>;

export interface TopicWatcher {
  live(message: LiveMessage): void;
}

interface WatchedTopic {
  readonly watchers: Set<TopicWatcher>;
  readonly stop: () => void;
}

export class TopicHub {
  private readonly services: Pick<Services, 'topics' | 'posts'>;
  private readonly watched = new Map<string, WatchedTopic>();

  constructor(services: Pick<Services, 'topics' | 'posts'>) {
    this.services = services;
  }

  /** Watching twice is fine. */
  watch(topic: string, watcher: TopicWatcher): void {
    const known = this.watched.get(topic);
    if (known !== undefined) {
      known.watchers.add(watcher);
      return;
    }
    const watchers = new Set([watcher]);
    const stop = this.services.topics.subscribe(topic, (type, data) => {
      const message: LiveMessage = { t: 'live', topic, type, data };
      for (const each of watchers) each.live(message);
    });
    this.watched.set(topic, { watchers, stop });
  }

  unwatch(topic: string, watcher: TopicWatcher): void {
    const known = this.watched.get(topic);
    if (known === undefined || !known.watchers.delete(watcher) || known.watchers.size > 0) return;
    this.watched.delete(topic);
    known.stop();
  }

  /** False when there is no such topic for this viewer; rejects when that cannot be told now. */
  async mayWatch(viewer: Viewer, topic: string): Promise<boolean> {
    const postId = topic.startsWith('post:') ? parseId<PostId>(topic.slice('post:'.length)) : null;
    if (postId === null) return false;
    try {
      await this.services.posts.read(viewer.userId, postId);
      return true;
    } catch (error) {
      const problem = asProblem(error);
      if (problem.code === 'not-found' || problem.code === 'forbidden') return false;
      throw problem;
    }
  }

  /** What a topic's watcher begins with. Rejects as reading the post does. */
  async present(viewer: Viewer, topic: string): Promise<LiveMessage> {
    const postId = topic.slice('post:'.length) as PostId;
    const { likeCount, commentCount } = await this.services.posts.read(viewer.userId, postId);
    return { t: 'live', topic, type: 'counts', data: { postId, likeCount, commentCount } };
  }

  get size(): number {
    return this.watched.size;
  }
}
