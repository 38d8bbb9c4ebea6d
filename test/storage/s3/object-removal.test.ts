import test from 'ava';
import { Problem } from '../../../src/errors.ts';
import { removeObjects } from '../../../src/storage/s3/object-removal.ts';
import { engineProblem, type S3Session } from '../../../src/storage/s3/s3-session.ts';

/** A session whose server answers each removal with `kept`. */
function sessionThatKeeps(kept: readonly unknown[], asked: string[][] = []): S3Session {
  const client = { removeObjects: async (_bucket: string, names: string[]) => (asked.push(names), kept) };
  const run = async (operation: (client: unknown, bucket: string) => Promise<unknown>) => {
    try {
      return await operation(client, 'bucket');
    } catch (error) {
      throw engineProblem(error);
    }
  };
  return { run } as unknown as S3Session;
}

test('one request removes them all', async (t) => {
  const asked: string[][] = [];
  await removeObjects(sessionThatKeeps([], asked), ['a', 'b']);
  t.deepEqual(asked, [['a', 'b']]);
  await removeObjects(sessionThatKeeps([], asked), []);
  t.is(asked.length, 1, 'nothing is asked for nothing');
});

test('objects that the server names as kept are a failure that may pass, though it answered with success', async (t) => {
  const kept = [
    { Key: 'a', Code: 'NoSuchKey', Message: 'not there' },
    { Key: 'b', Code: 'InternalError', Message: 'We encountered an internal error.' },
  ];
  const error = await t.throwsAsync(removeObjects(sessionThatKeeps(kept), ['a', 'b', 'c']), { instanceOf: Problem });
  t.true(error.retryable);
  t.regex((error.cause as Error).message, /1 of 3 objects stay: InternalError/);
  await t.throwsAsync(removeObjects(sessionThatKeeps([{}]), ['a']), { instanceOf: Problem });
});

test('what was not there is no failure, however the server says so', async (t) => {
  await t.notThrowsAsync(removeObjects(sessionThatKeeps([{ Key: 'a', Code: 'NoSuchKey' }]), ['a']));
});
