/**
 * Builds the web page into `web/dist`: one script, one style sheet, both named by their content, and an index.html that
 * holds no inline script or style, so that the strictest content security policy fits. Does nothing when the output is
 * newer than every source. `--force` builds anyway.
 */
import { cp, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { build } from 'esbuild';

const ROOT = join(import.meta.dirname, '..');
const WEB = join(ROOT, 'web');
const OUTPUT = join(WEB, 'dist');
const SOURCES = [WEB, join(ROOT, 'sdk'), join(ROOT, 'package-lock.json'), import.meta.filename];

async function newestChangeMs(path: string): Promise<number> {
  const { isDirectory, mtimeMs } = await stat(path).then((found) => ({
    isDirectory: found.isDirectory(),
    mtimeMs: found.mtimeMs,
  }));
  if (!isDirectory) return mtimeMs;
  const names = (await readdir(path)).filter((name) => name !== 'dist' && name !== 'node_modules');
  const times = await Promise.all(names.map((name) => newestChangeMs(join(path, name))));
  // The folder's own time tells of files that are gone.
  return Math.max(mtimeMs, ...times);
}

async function isFresh(): Promise<boolean> {
  const builtMs = await stat(join(OUTPUT, 'index.html')).then(
    (found) => found.mtimeMs,
    () => 0,
  );
  if (builtMs === 0) return false;
  const changes = await Promise.all(SOURCES.map(newestChangeMs));
  return changes.every((changedMs) => changedMs < builtMs);
}

async function buildWeb(): Promise<void> {
  // Beside the real place, then moved there: a server that starts meanwhile sees the old page or the new one.
  const fresh = join(WEB, `dist.${process.pid}.new`);
  await rm(fresh, { recursive: true, force: true });
  await mkdir(join(fresh, 'assets'), { recursive: true });
  const { metafile } = await build({
    entryPoints: [join(WEB, 'main.tsx'), join(WEB, 'styles/index.css')],
    outdir: join(fresh, 'assets'),
    entryNames: '[name]-[hash]',
    bundle: true,
    format: 'esm',
    target: ['es2022', 'chrome111', 'firefox115', 'safari16.4'],
    minify: true,
    sourcemap: true,
    metafile: true,
    logLevel: 'warning',
    tsconfigRaw: { compilerOptions: { jsx: 'react-jsx', jsxImportSource: 'preact' } },
  });
  const names = Object.keys(metafile.outputs).map((path) => basename(path));
  const nameOf = (extension: string): string => {
    const name = names.find((each) => each.endsWith(extension));
    if (name === undefined) throw new Error(`The build made no ${extension} file.`);
    return `/assets/${name}`;
  };
  const template = await readFile(join(WEB, 'index.html'), 'utf8');
  const page = template.replace('{{styles}}', nameOf('.css')).replace('{{script}}', nameOf('.js'));
  await cp(join(WEB, 'public'), fresh, { recursive: true });
  await writeFile(join(fresh, 'index.html'), page);
  await rm(OUTPUT, { recursive: true, force: true });
  await rename(fresh, OUTPUT);
  // The move has touched the folder that it lies in; what was built is newer still.
  const now = Date.now() / 1000;
  await utimes(join(OUTPUT, 'index.html'), now, now);
}

if (process.argv.includes('--force') || !(await isFresh())) await buildWeb();
