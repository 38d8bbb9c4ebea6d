/** The rules of the house, as pure functions from files to complaints. ARCHITECTURE.md says why each is there. */
import { importsOf, type SourceFile } from './source-files.ts';

export type Rule = (files: readonly SourceFile[]) => string[];

/** Rooms and the rooms they may never import. */
const FORBIDDEN_DOORS: Readonly<Record<string, readonly string[]>> = {
  storage: ['actors', 'gateway', 'media', 'maintenance'],
  media: ['actors', 'gateway', 'maintenance'],
  actors: ['gateway', 'maintenance'],
  gateway: ['maintenance'],
  maintenance: ['actors', 'gateway'],
};

/** Folders that hold concrete adapters: only compose.ts and files of the same folder name them. */
const ADAPTER_FOLDERS = [
  'src/storage/memory/',
  'src/storage/embedded/',
  'src/storage/filesystem/',
  'src/storage/cql/',
  'src/storage/s3/',
  'src/media/embedded/',
  'src/media/bullmq/',
  'src/actors/redis/',
  'src/actors/local/',
];

/** Vendor packages and the only places that may import them. */
const VENDOR_HOMES: Readonly<Record<string, readonly string[]>> = {
  'uWebSockets.js': ['src/gateway/uws/'],
  'socket.io': ['src/gateway/socketio/'],
  '@socket.io/redis-adapter': ['src/gateway/socketio/'],
  ioredis: ['src/actors/redis/', 'src/media/bullmq/'],
  bullmq: ['src/media/bullmq/'],
  'cassandra-driver': ['src/storage/cql/'],
  minio: ['src/storage/s3/'],
  sharp: ['src/media/renditions/'],
  thumbhash: ['src/media/renditions/'],
  jsonwebtoken: ['src/gateway/auth/access-tokens.ts'],
  '@node-rs/argon2': ['src/gateway/auth/passwords.ts'],
  'node:sqlite': ['src/storage/embedded/', 'src/media/embedded/'],
  pino: ['src/log.ts'],
  'prom-client': ['src/metrics.ts'],
  'zod-openapi': ['src/gateway/openapi.ts'],
  busboy: ['src/gateway/http/'],
};

export const doors: Rule = (files) =>
  files.flatMap((file) => {
    const room = /^src\/(\w+)\//.exec(file.path)?.[1];
    return importsOf(file).flatMap((target) => {
      const targetRoom = /^src\/(\w+)\//.exec(target)?.[1];
      if (targetRoom === undefined || targetRoom === room) return [];
      if (room === undefined) {
        const isRoot =
          ['src/compose.ts', 'src/main.ts', 'src/worker.ts'].includes(file.path) ||
          file.path.startsWith('src/compose/');
        return isRoot ? [] : [`${file.path}: the vocabulary imports ${target}`];
      }
      return (FORBIDDEN_DOORS[room] ?? []).includes(targetRoom) ? [`${file.path}: ${room} imports ${target}`] : [];
    });
  });

export const adaptersOnlyInCompose: Rule = (files) =>
  files.flatMap((file) =>
    importsOf(file).flatMap((target) => {
      const folder = ADAPTER_FOLDERS.find((prefix) => target.startsWith(prefix));
      const allowed = folder === undefined || file.path.startsWith(folder) || /^src\/compose(\.ts|\/)/.test(file.path);
      return allowed ? [] : [`${file.path}: names the adapter ${target}`];
    }),
  );

export const vendorsAtHome: Rule = (files) =>
  files.flatMap((file) =>
    importsOf(file).flatMap((target) => {
      const homes = VENDOR_HOMES[target];
      const atHome = homes === undefined || homes.some((home) => file.path.startsWith(home));
      return atHome ? [] : [`${file.path}: imports ${target}, which belongs to ${homes.join(', ')}`];
    }),
  );

export const fileSize: Rule = (files) =>
  files.flatMap((file) => {
    const lines = file.text.split('\n').length - 1;
    return lines > 400 ? [`${file.path}: ${lines} lines`] : [];
  });

export const timeOnlyInClock: Rule = (files) =>
  files.flatMap((file) => {
    if (file.path === 'src/clock.ts') return [];
    const code = file.text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');
    const found =
      /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bperformance\.now\(|(?<![.\w])set(?:Timeout|Interval)\(/.exec(
        code,
      );
    return found === null ? [] : [`${file.path}: uses ${found[0]} instead of a Clock`];
  });

export const noEscapeHatches: Rule = (files) =>
  files.flatMap((file) => {
    const found =
      /(?::\s*any\b|<any>|\bas any\b|@ts-ignore|@ts-expect-error|oxlint-disable|eslint-disable|biome-ignore)/.exec(
        file.text,
      );
    return found === null || file.path.startsWith('test/architecture/') ? [] : [`${file.path}: ${found[0]}`];
  });

export const noSkippedTests: Rule = (files) =>
  files.flatMap((file) => {
    const found = /\btest(?:\.serial)?\.(?:skip|todo|only|failing)\b/.exec(file.text);
    return found === null || file.path.startsWith('test/architecture/') ? [] : [`${file.path}: ${found[0]}`];
  });

export const noUnfinishedMarks: Rule = (files) =>
  files.flatMap((file) => {
    const found = /\b(?:TODO|FIXME|XXX)\b/.exec(file.text);
    return found === null || file.path.startsWith('test/architecture/') ? [] : [`${file.path}: ${found[0]}`];
  });

/** Paths that documents name in backquotes must exist: `src/…`, `docs/…`. `paths` = all files of the repository. */
export function documentPaths(paths: readonly string[]): Rule {
  const known = new Set(paths);
  for (const path of paths) {
    const parts = path.split('/');
    for (let depth = 1; depth < parts.length; depth++) known.add(parts.slice(0, depth).join('/'));
  }
  return (files) =>
    files.flatMap((file) =>
      [...file.text.matchAll(/`((?:src|test|docs|sdk|web|bench|scripts|deploy)\/[\w./-]*)`/g)].flatMap((match) => {
        const path = (match[1] ?? '').replace(/\/$/, '');
        return known.has(path) || path.endsWith('/dist') ? [] : [`${file.path}: names ${path}, which does not exist`];
      }),
    );
}
