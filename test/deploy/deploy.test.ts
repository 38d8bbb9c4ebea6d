/** The files for containers, which no test here can run, are held against what they speak of. */
import { existsSync, readFileSync } from 'node:fs';
import test from 'ava';
import { parse } from 'yaml';
import { readConfig, VARIABLES } from '../../src/config.ts';
import { type Schema, violations } from './json-schema.ts';

interface Service {
  readonly image?: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly healthcheck?: unknown;
  readonly deploy?: { readonly replicas?: number };
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const text = readFileSync('docker-compose.yml', 'utf8');
const compose = parse(text, { merge: true }) as Compose;
const schema = JSON.parse(readFileSync('test/deploy/compose-spec.json', 'utf8')) as Schema;
const dockerfile = readFileSync('Dockerfile', 'utf8').replaceAll('\\\n', ' ').split('\n');
const example = new Map(
  [...readFileSync('.env.example', 'utf8').matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [
    name,
    value,
  ]),
);
const NAMES = new Set<string>(Object.values(VARIABLES).map(({ name }) => name));

function substituted(value: string): string {
  return value.replaceAll(/\$\{(\w+)[^}]*\}/g, (_, name: string) => example.get(name) ?? '');
}

test('docker-compose.yml has the form that the Compose specification demands', (t) => {
  t.deepEqual(violations(compose, schema), []);
});

test('the check finds what does not have that form', (t) => {
  t.true(violations({ services: { app: { imagee: 'x' } } }, schema).some((one) => one.includes('imagee')));
  t.true(violations({ services: { app: { image: 7 } } }, schema).some((one) => one.includes('/services/app/image')));
  t.true(violations({ services: { app: { ports: [{}, {}] } } }, schema).length > 0);
  t.true(violations({ services: { app: { depends_on: { redis: { condition: 'someday' } } } } }, schema).length > 0);
  t.throws(() => violations({}, { frobnicate: true }), { message: /frobnicate/ });
});

test('every setting of nodes and workers exists, and their configuration is accepted', (t) => {
  for (const name of ['app', 'worker']) {
    const environment = compose.services[name]?.environment ?? {};
    t.deepEqual(
      Object.keys(environment).filter((variable) => !NAMES.has(variable)),
      [],
    );
    const config = readConfig(
      Object.fromEntries(Object.entries(environment).map(([variable, value]) => [variable, substituted(value)])),
    );
    t.like(config, { store: 'cql', blobs: 's3', queue: 'bullmq' });
  }
});

test('every value that the environment file is to give is in its example, and nothing else', (t) => {
  const asked = new Set([...text.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => name));
  t.deepEqual([...asked].sort(), [...example.keys()].sort());
  t.regex(text, /\$\{SECRET:\?/, 'what is missing stops the start');
});

test('every image has a version, every service a health check, every volume and file is there', (t) => {
  for (const [name, { image, build, healthcheck, volumes = [] }] of Object.entries(compose.services)) {
    t.regex(image ?? '', /:[\w.-]*\d[\w.-]*$/, `${name} is pinned`);
    // What is built here has the check of its Dockerfile.
    t.true(healthcheck !== undefined || build !== undefined, `${name} is looked after`);
    for (const volume of volumes) {
      const [source = ''] = volume.split(':');
      if (source.startsWith('./')) t.true(existsSync(source), `${name}: ${source}`);
      else t.true(source in compose.volumes, `${name}: ${source}`);
    }
  }
});

test('there is one app until nodes tell each other what happened', (t) => {
  t.is(compose.services['app']?.deploy?.replicas, 1);
});

test('every path and command of the Dockerfile is in the repository', (t) => {
  const scripts = (JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> }).scripts;
  const copied = dockerfile
    .filter((line) => /^COPY (?!--from)/.test(line))
    .flatMap((line) => line.split(' ').slice(1, -1));
  t.true(copied.length > 5);
  for (const path of copied) t.true(existsSync(path), path);
  const commands = [...dockerfile, JSON.stringify(compose.services['worker']?.command)].join('\n');
  const run = [...commands.matchAll(/\b((?:src|scripts)\/[\w/-]+\.ts)\b/g)].map(([, path = '']) => path);
  t.deepEqual([...new Set(run)].sort(), [
    'scripts/build-web.ts',
    'scripts/healthcheck.ts',
    'src/main.ts',
    'src/worker.ts',
  ]);
  for (const path of run) t.true(existsSync(path), path);
  for (const [, script = ''] of commands.matchAll(/npm run (\S+)/g)) t.true(script in scripts, script);
});

test('the image runs as somebody other than root, looks after itself, and sets only what exists', (t) => {
  const last = dockerfile.slice(dockerfile.findLastIndex((line) => line.startsWith('FROM')));
  const user = last.findIndex((line) => line === 'USER node');
  t.true(user > 0 && user < last.findIndex((line) => line.startsWith('CMD')));
  t.true(last.some((line) => line.startsWith('HEALTHCHECK')));
  t.true(dockerfile.filter((line) => line.startsWith('FROM')).length > 1);
  const set = last.filter((line) => line.startsWith('ENV ')).flatMap((line) => line.slice(4).split(' '));
  for (const name of set.map((one) => one.split('=')[0] ?? '')) t.true(name === 'NODE_ENV' || NAMES.has(name), name);
});
