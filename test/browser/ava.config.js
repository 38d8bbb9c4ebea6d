export default {
  extensions: ['ts'],
  files: ['test/browser/*.test.ts'],
  workerThreads: false,
  concurrency: 1,
  timeout: '10m',
  nodeArguments: ['--disable-warning=ExperimentalWarning'],
};
