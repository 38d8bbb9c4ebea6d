import test from 'ava';
import { LocalTopics } from '../../../src/actors/topics/local-topics.ts';
import { Problem } from '../../../src/errors.ts';
import { silentLogger } from '../../../src/log.ts';

test('what is published reaches the subscribers of that topic, until they leave', (t) => {
  const topics = new LocalTopics(silentLogger);
  const heard: unknown[] = [];
  const leave = topics.subscribe('post:1', (type, data) => heard.push([type, data]));
  topics.subscribe('post:2', () => heard.push('wrong topic'));
  topics.publish('post:1', 'counts', 1);
  leave();
  leave();
  topics.publish('post:1', 'counts', 2);
  t.deepEqual(heard, [['counts', 1]]);
  t.is(topics.count, 1);
});

test('a subscriber that fails harms neither the publisher nor its neighbours', (t) => {
  const topics = new LocalTopics(silentLogger);
  const heard: unknown[] = [];
  topics.subscribe('post:1', () => {
    throw new Error('gone');
  });
  topics.subscribe('post:1', (_type, data) => heard.push(data));
  topics.publish('post:1', 'counts', 1);
  t.deepEqual(heard, [1]);
});

test('a node holds no more subscriptions than it may', (t) => {
  const topics = new LocalTopics(silentLogger, 1);
  const leave = topics.subscribe('post:1', () => undefined);
  t.throws(() => topics.subscribe('post:2', () => undefined), { instanceOf: Problem });
  leave();
  t.notThrows(() => topics.subscribe('post:2', () => undefined));
});
