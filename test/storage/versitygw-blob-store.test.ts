/** The S3 adapter on a second kind of server, so that it relies on what S3 promises and not on what one server does. */
import test from 'ava';
import { StartRefusal } from '../../src/errors.ts';
import { whenNamed } from '../conformance/adapters.ts';
import { s3Suite, world } from './s3/s3-suite.ts';

whenNamed('versitygw', () => {
  s3Suite('versitygw');

  test('a server that cannot encrypt as it is told to refuses the start', async (t) => {
    const encryption = { algorithm: 'AES256', keyId: null } as const;
    const refusal = await t.throwsAsync(world(t, 'versitygw', { encryption }), { instanceOf: StartRefusal });
    t.regex(refusal.message, /does not encrypt with AES256/);
  });
});
