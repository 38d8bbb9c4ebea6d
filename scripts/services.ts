/**
 * `npm run services -- up|down|env|status [names…]`: the real servers the product can run on, without containers. Prints
 * what each step cost; `env` prints lines to be read by a shell: `eval "$(npm run --silent services -- env)"`.
 */
import { cassandra } from './services/cassandra.ts';
import { minio } from './services/minio.ts';
import { redis } from './services/redis.ts';
import { findRunning, forget, start, stop } from './services/running.ts';
import { installOnce, type Service } from './services/service.ts';
import { versitygw } from './services/versitygw.ts';

const SERVICES: readonly Service[] = [redis, cassandra, minio, versitygw];
const ACTS = { up, down, env, status } as const;

async function up(service: Service): Promise<void> {
  const running = await findRunning(service);
  if (running !== null) {
    say(service, `runs already (process ${running.pid})`);
    return;
  }
  await timed(
    service,
    'installed',
    () => installOnce(service),
    (fetched) => (fetched ? '' : ', kept from before'),
  );
  await timed(
    service,
    'started',
    () => start(service),
    ({ pid, ports }) => `, process ${pid}, ${describe(ports)}`,
  );
}

async function down(service: Service, options: ReadonlySet<string>): Promise<void> {
  const running = await findRunning(service);
  if (running === null) say(service, 'does not run');
  else await timed(service, 'stopped', () => stop(running));
  if (!options.has('--forget')) return;
  await forget(service);
  say(service, 'its data is removed');
}

async function env(service: Service): Promise<void> {
  const running = await findRunning(service);
  if (running === null) return;
  for (const [name, value] of Object.entries(service.environment(running))) {
    console.log(`export ${name}='${value.replaceAll("'", String.raw`'\''`)}'`);
  }
}

async function status(service: Service): Promise<void> {
  const running = await findRunning(service);
  if (running === null) {
    say(service, 'does not run');
    return;
  }
  const answers = await service.answers(running).catch(() => false);
  say(
    service,
    `${answers ? 'answers' : 'runs but does not answer'}, process ${running.pid}, ${describe(running.ports)}`,
  );
}

async function timed<Value>(
  service: Service,
  what: string,
  act: () => Promise<Value>,
  more: (value: Value) => string = () => '',
): Promise<void> {
  const began = performance.now();
  const value = await act();
  say(service, `${what} in ${((performance.now() - began) / 1000).toFixed(1)} s${more(value)}`);
}

function describe(ports: Readonly<Record<string, number>>): string {
  return Object.entries(ports)
    .map(([name, port]) => `${name} port ${port}`)
    .join(', ');
}

function say(service: Service, text: string): void {
  console.log(`${service.name} ${service.version}: ${text}`);
}

function isAct(text: string | undefined): text is keyof typeof ACTS {
  return text !== undefined && Object.hasOwn(ACTS, text);
}

async function main([act, ...rest]: readonly string[]): Promise<void> {
  const names = rest.filter((word) => !word.startsWith('--'));
  const options = new Set(rest.filter((word) => word.startsWith('--')));
  const unknown = names.filter((name) => !SERVICES.some((service) => service.name === name));
  if (!isAct(act) || unknown.length > 0 || (act === 'up' && names.length === 0)) {
    const known = SERVICES.map(({ name }) => name).join(' ');
    throw new Error(`Usage: npm run services -- up|down [--forget]|env|status [${known}]`);
  }
  const chosen = names.length === 0 ? SERVICES : SERVICES.filter(({ name }) => names.includes(name));
  for (const service of chosen) await ACTS[act](service, options);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
