import test from 'ava';
import { arrivalsIn } from '../../../src/storage/s3/arrivals.ts';

const KEY = '0hp1x4qv2c000/abc/original';

function record(eventName: string, key: string, bucket = 'photos'): unknown {
  return { eventName, s3: { bucket: { name: bucket }, object: { key, size: 3 } } };
}

test('a notification names the temporary blobs that clients sent, each once', (t) => {
  const encoded = encodeURIComponent(`tmp/${KEY}`);
  const records = [
    record('s3:ObjectCreated:Post', encoded),
    record('ObjectCreated:Put', `tmp/${KEY}`),
    record('s3:ObjectCreated:Put', 'tmp%2Fother'),
  ];
  t.deepEqual(arrivalsIn({ EventName: 's3:ObjectCreated:Post', Records: records }, 'photos'), [KEY, 'other']);
});

test('what is permanent, removed, elsewhere or no notification says nothing', (t) => {
  const records = [
    record('s3:ObjectCreated:Copy', `blobs/${KEY}`),
    record('s3:ObjectRemoved:Delete', `tmp/${KEY}`),
    record('s3:ObjectCreated:Put', `tmp/${KEY}`, 'another'),
    record('s3:ObjectCreated:Put', 'tmp/..%2F..%2Fsecret'),
    record('s3:ObjectCreated:Put', 'tmp/%E0%A4%A'),
    { eventName: 's3:ObjectCreated:Put' },
    null,
    7,
  ];
  t.deepEqual(arrivalsIn({ Records: records }, 'photos'), []);
  for (const other of [null, undefined, 'text', [], {}, { Records: {} }, { Event: 's3:TestEvent' }]) {
    t.deepEqual(arrivalsIn(other, 'photos'), []);
  }
});
