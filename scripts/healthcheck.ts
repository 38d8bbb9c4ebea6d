/** Ends with 0 if the process of this container, a node or a worker, says that it is ready. */
const port = process.env['PORT'] ?? '8080';
const isReady = await fetch(`http://127.0.0.1:${port}/health/ready`, { signal: AbortSignal.timeout(5_000) }).then(
  (response) => response.ok,
  () => false,
);
process.exit(isReady ? 0 : 1);
