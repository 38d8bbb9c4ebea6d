import { randomBytes } from 'node:crypto';
import test from 'ava';
import { whenNamed } from '../conformance/adapters.ts';
import { chunks, options, s3Suite, world } from './s3/s3-suite.ts';
import { clientOf } from './s3/test-bucket.ts';

whenNamed('s3', () => {
  s3Suite('s3');

  test('the bucket expires what is abandoned, and encrypts what it is given', async (t) => {
    const { blobs, settings } = await world(t, 's3', { encryption: { algorithm: 'AES256', keyId: null } });
    const lifecycle = JSON.stringify(await clientOf(settings).getBucketLifecycle(settings.bucket));
    t.regex(lifecycle, /"Prefix":"tmp\/"/);
    t.regex(lifecycle, /"Days":2/);
    await blobs.writeTemporary('a', chunks(randomBytes(10)), options);
    await blobs.promote('a');
    const stored = await clientOf(settings).statObject(settings.bucket, 'blobs/a');
    t.is(stored.size, 10);
    const encryption = JSON.stringify(await clientOf(settings).getBucketEncryption(settings.bucket));
    t.regex(encryption, /AES256/);
  });
});
