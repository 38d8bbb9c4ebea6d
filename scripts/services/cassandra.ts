/**
 * One Cassandra node from the jars on Maven Central, small enough to run beside the tests. Needs `mvn` and Java 17.
 * What it stores survives `kill -9`: the commit log is synced before a write is answered, as the product's promise needs.
 */
import { execFile } from 'node:child_process';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Launch, Place, Service } from './service.ts';

const VERSION = '5.0.6';
const run = promisify(execFile);

/** Packages of the Java runtime that Cassandra reaches into. */
const EXPORTS = [
  'java.base/jdk.internal.misc',
  'java.base/jdk.internal.ref',
  'java.base/sun.nio.ch',
  'java.management.rmi/com.sun.jmx.remote.internal.rmi',
  'java.rmi/sun.rmi.registry',
  'java.rmi/sun.rmi.server',
  'java.sql/java.sql',
];
const OPENS = [
  'java.base/java.lang',
  'java.base/java.lang.module',
  'java.base/java.io',
  'java.base/java.nio',
  'java.base/java.util',
  'java.base/java.util.concurrent',
  'java.base/java.util.concurrent.atomic',
  'java.base/jdk.internal.loader',
  'java.base/jdk.internal.ref',
  'java.base/jdk.internal.reflect',
  'java.base/jdk.internal.math',
  'java.base/jdk.internal.module',
  'java.base/jdk.internal.util.jar',
  'java.base/sun.nio.ch',
  'jdk.management/com.sun.management.internal',
];

export const cassandra: Service = {
  name: 'cassandra',
  version: VERSION,
  ports: { native: 9042, storage: 7000 },
  startTimeoutMs: 180_000,
  install,
  launch,
  answers: async ({ ports }) => speaksCql(ports['native'] ?? 0),
  environment: ({ ports }) => ({
    CQL_CONTACT_POINTS: `127.0.0.1:${ports['native']}`,
    CQL_LOCAL_DATA_CENTER: 'datacenter1',
    CQL_REPLICATION: '1',
  }),
};

async function install(folder: string): Promise<void> {
  const project = join(folder, 'pom.xml');
  await writeFile(project, POM);
  await run('mvn', ['-q', '-B', '-f', project, 'dependency:copy-dependencies', `-DoutputDirectory=${folder}/lib`], {
    maxBuffer: 64 * 1024 * 1024,
  });
  await rm(join(folder, 'target'), { recursive: true, force: true });
}

async function launch({ installed, data, ports }: Place): Promise<Launch> {
  const settings = join(data, 'cassandra.yaml');
  await mkdir(data, { recursive: true });
  await writeFile(settings, yaml(data, ports));
  const jars = await readdir(join(installed, 'lib'));
  const agent = jars.find((name) => name.startsWith('jamm-'));
  const args = [
    '-Xms512m',
    '-Xmx512m',
    '-XX:+ExitOnOutOfMemoryError',
    `-javaagent:${join(installed, 'lib', agent ?? 'jamm.jar')}`,
    '-Djdk.attach.allowAttachSelf=true',
    `-Dcassandra.config=file://${settings}`,
    `-Dcassandra.storagedir=${data}`,
    '-Dcassandra-foreground=yes',
    // A ring of one node has nobody to wait for.
    '-Dcassandra.ring_delay_ms=1',
    '-Dcassandra.skip_wait_for_gossip_to_settle=0',
    ...EXPORTS.flatMap((name) => ['--add-exports', `${name}=ALL-UNNAMED`]),
    ...OPENS.flatMap((name) => ['--add-opens', `${name}=ALL-UNNAMED`]),
    '-cp',
    join(installed, 'lib', '*'),
    'org.apache.cassandra.service.CassandraDaemon',
  ];
  return { command: 'java', args };
}

/** True when an OPTIONS request of the native protocol (version 4) is answered with SUPPORTED. */
async function speaksCql(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.from([4, 0, 0, 0, 5, 0, 0, 0, 0])));
    socket.setTimeout(2_000, () => socket.destroy());
    socket.once('data', (bytes) => {
      resolve(bytes[4] === 6);
      socket.destroy();
    });
    socket.once('error', () => resolve(false));
    socket.once('close', () => resolve(false));
  });
}

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>shutterline</groupId>
  <artifactId>cassandra-server</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.cassandra</groupId>
      <artifactId>cassandra-all</artifactId>
      <version>${VERSION}</version>
    </dependency>
  </dependencies>
</project>
`;

function yaml(data: string, ports: Readonly<Record<string, number>>): string {
  return `cluster_name: shutterline
num_tokens: 4
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: SimpleSnitch
listen_address: 127.0.0.1
rpc_address: 127.0.0.1
native_transport_port: ${ports['native']}
storage_port: ${ports['storage']}
data_file_directories: [${JSON.stringify(join(data, 'data'))}]
commitlog_directory: ${JSON.stringify(join(data, 'commitlog'))}
saved_caches_directory: ${JSON.stringify(join(data, 'saved_caches'))}
hints_directory: ${JSON.stringify(join(data, 'hints'))}
cdc_raw_directory: ${JSON.stringify(join(data, 'cdc_raw'))}
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters:
      - seeds: "127.0.0.1:${ports['storage']}"
commitlog_sync: group
commitlog_sync_group_window: 2ms
`;
}
