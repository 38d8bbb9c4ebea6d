/** `LiveTopics` within one node. What is published reaches the subscribers of the moment, in order, and is then forgotten. */
import { Problem } from '../../errors.ts';
import { limits } from '../../limits.ts';
import type { Logger } from '../../log.ts';
import type { LiveTopics } from '../services.ts';

type Receive = Parameters<LiveTopics['subscribe']>[1];

/** An object of its own per subscription: the same function may subscribe twice. */
interface Subscription {
  readonly receive: Receive;
}

export class LocalTopics implements LiveTopics {
  private readonly logger: Logger;
  private readonly subscriptionsMax: number;
  private readonly topics = new Map<string, Set<Subscription>>();
  private subscriptions = 0;

  constructor(logger: Logger, subscriptionsMax: number = limits.topicSubscriptionsMax) {
    this.logger = logger;
    this.subscriptionsMax = subscriptionsMax;
  }

  publish(topic: string, type: Parameters<LiveTopics['publish']>[1], data: unknown): void {
    for (const subscription of this.topics.get(topic) ?? []) {
      try {
        subscription.receive(type, data);
      } catch (error) {
        // One subscriber's failure is not the publisher's, nor its neighbours'.
        this.logger.error('topic subscriber failed', { type, error });
      }
    }
  }

  /** Rejects with `overloaded` when the node holds as many subscriptions as it may. */
  subscribe(topic: string, receive: Receive): () => void {
    if (this.subscriptions >= this.subscriptionsMax) throw new Problem('overloaded');
    const subscription: Subscription = { receive };
    const subscribers = this.topics.get(topic) ?? new Set();
    subscribers.add(subscription);
    this.topics.set(topic, subscribers);
    this.subscriptions++;
    return () => {
      if (!subscribers.delete(subscription)) return;
      this.subscriptions--;
      if (subscribers.size === 0 && this.topics.get(topic) === subscribers) this.topics.delete(topic);
    };
  }

  /** Subscriptions held. */
  get count(): number {
    return this.subscriptions;
  }
}
