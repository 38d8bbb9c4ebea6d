/** What takes its time, or a server of its own: not with every run. */
const SOAK_ONLY = ['test/storage/versitygw-blob-store.test.ts'];

export default {
  extensions: ['ts'],
  files: ['test/reliability/*.test.ts', ...(process.env.SOAK === '1' ? SOAK_ONLY : [])],
  workerThreads: false,
  concurrency: 1,
  timeout: '10m',
  nodeArguments: ['--disable-warning=ExperimentalWarning'],
};
