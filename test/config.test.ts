import test from 'ava';
import { ConfigurationError, readConfig, VARIABLES } from '../src/config.ts';

test('without variables everything has its documented default', (t) => {
  const config = readConfig({});
  t.is(config.port, 8080);
  t.is(config.host, '127.0.0.1');
  t.is(config.publicUrl, null);
});

const refused: readonly [string, string][] = [
  ['PORT', '80a'],
  ['PORT', '65536'],
  ['PORT', '-1'],
  ['PORT', ''],
  ['HOST', ' '],
  ['DATA_DIR', ''],
  ['PUBLIC_URL', 'ftp://x'],
  ['PUBLIC_URL', 'https://x/?a=1'],
  ['TRUST_PROXY', 'yes'],
  ['ALLOWED_ORIGINS', 'https://a, b'],
  ['LOG_LEVEL', 'loud'],
  ['SECRET', 'short'],
  ['METRICS_TOKEN', ''],
  ['METRICS_TOKEN', 'fifteen letters'],
  ['METRICS_TOKEN', 'a token with spaces'],
  ['CELEBRITY_THRESHOLD', '0'],
  ['FLUSH_WINDOW_MS', '5ms'],
  ['BLOBS', 'floppy'],
  ['S3_ENDPOINT', 'http://s3/path'],
  ['S3_BUCKET', 'Photos'],
  ['S3_SSE', 'rot13'],
  ['S3_SSE', 'aws:kms:'],
  ['S3_EVENTS_SECRET', 'short'],
  ['S3_EVENTS_ARN', 'webhook'],
  ['QUEUE', 'paper'],
  ['REDIS_URL', 'http://redis'],
  ['REDIS_URL', 'redis://one,two'],
  ['REDIS_URL', 'redis+sentinel://one'],
  ['REDIS_URL', 'redis+cluster://one/1'],
  ['REDIS_URL', 'redis://host:0'],
  ['REDIS_PREFIX', '{a}'],
  ['MEDIA_WORK', 'apart'],
  ['STORE', 'postgres'],
  ['CQL_CONTACT_POINTS', 'a:0'],
  ['CQL_CONTACT_POINTS', 'a,,b'],
  ['CQL_LOCAL_DATA_CENTER', "x'"],
  ['CQL_KEYSPACE', '9lives'],
  ['CQL_REPLICATION', '0'],
  ['CQL_REPLICATION', 'dc1:3,dc2'],
  ['CQL_CONSISTENCY', 'one'],
  ['CQL_PASSWORD', ''],
  ['CQL_TLS', '/no/such/file'],
];

for (const [name, value] of refused) {
  test(`${name}=${JSON.stringify(value)} is refused with its name, the reason and what is allowed`, (t) => {
    const error = t.throws(() => readConfig({ [name]: value }), { instanceOf: ConfigurationError });
    t.true(error.message.startsWith(`${name}=`));
    t.regex(error.message, /is refused: .+\. Allowed: .+\./);
  });
}

test('hysteresis follows a lower threshold unless it is set, and may not be above it', (t) => {
  t.is(readConfig({ CELEBRITY_THRESHOLD: '5' }).celebrityHysteresis, 5);
  t.throws(() => readConfig({ CELEBRITY_THRESHOLD: '5', CELEBRITY_HYSTERESIS: '6' }), {
    instanceOf: ConfigurationError,
  });
});

test('credentials of the engine come together, and copies are read per data centre', (t) => {
  t.throws(() => readConfig({ CQL_USERNAME: 'x' }), { instanceOf: ConfigurationError, message: /CQL_PASSWORD/ });
  t.is(readConfig({ CQL_USERNAME: 'x', CQL_PASSWORD: 'y' }).cqlUsername, 'x');
  t.deepEqual(readConfig({ CQL_REPLICATION: 'a:3, b:2' }).cqlReplication, { a: 3, b: 2 });
});

test('what a choice makes necessary is asked for by name', (t) => {
  const missing = (environment: Record<string, string>, name: string, choice: string) =>
    t.throws(() => readConfig(environment), {
      instanceOf: ConfigurationError,
      message: new RegExp(`^${name} is missing: ${choice} needs it\\. Allowed: `),
    });
  missing({ BLOBS: 's3' }, 'S3_ENDPOINT', 'BLOBS=s3');
  missing({ BLOBS: 's3', S3_ENDPOINT: 'http://s3' }, 'S3_ACCESS_KEY', 'BLOBS=s3');
  missing({ QUEUE: 'bullmq' }, 'REDIS_URL', 'QUEUE=bullmq');
});

test('a Redis is found as one server, by sentinels or as a cluster', (t) => {
  const at = (url: string) => readConfig({ REDIS_URL: url }).redisUrl;
  t.like(at('redis://localhost'), {
    kind: 'single',
    nodes: [{ host: 'localhost', port: 6379 }],
    database: 0,
    tls: false,
  });
  t.like(at('rediss://me:p%40ss@[::1]:7000/3'), {
    nodes: [{ host: '::1', port: 7000 }],
    username: 'me',
    password: 'p@ss',
    database: 3,
    tls: true,
  });
  t.like(at('redis+sentinel://:pw@a,b:26380/main/2'), {
    kind: 'sentinel',
    nodes: [
      { host: 'a', port: 26_379 },
      { host: 'b', port: 26_380 },
    ],
    master: 'main',
    database: 2,
    username: null,
    password: 'pw',
  });
  t.like(at('rediss+cluster://a,b:6380'), { kind: 'cluster', tls: true });
});

test('a secret that is refused is not shown', (t) => {
  for (const name of ['SECRET', 'METRICS_TOKEN', 'S3_EVENTS_SECRET', 'REDIS_URL']) {
    const error = t.throws(() => readConfig({ [name]: 'my dear secret' }), { instanceOf: ConfigurationError });
    t.false(error.message.includes('dear'), name);
  }
});

test('the README describes every variable', async (t) => {
  const { readFile } = await import('node:fs/promises');
  const readme = await readFile('README.md', 'utf8');
  for (const variable of Object.values(VARIABLES)) {
    t.true(readme.includes(`| \`${variable.name}\` | ${variable.fallbackText} | ${variable.meaning}`), variable.name);
  }
});

test('several secrets are taken, newest first, and a refused one is not shown', (t) => {
  const [newer, older] = ['n'.repeat(32), 'o'.repeat(40)];
  t.deepEqual(readConfig({ SECRET: `${newer}, ${older}` }).secrets, [newer, older]);
  t.deepEqual(readConfig({ SECRET: newer }).secrets, [newer]);
  t.is(readConfig({}).secrets, null);
  const error = t.throws(() => readConfig({ SECRET: `${newer},hunter2` }), { instanceOf: ConfigurationError });
  t.regex(error.message, /^SECRET=.*shorter than 32 bytes/);
  t.false(error.message.includes('hunter2'));
});
