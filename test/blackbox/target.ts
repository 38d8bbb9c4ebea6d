/** The server under test: the one `SHUTTERLINE_URL` names, or one of our own, started for this file. */
import { startServer, temporaryFolder } from '../support/server-process.ts';

export interface Target {
  readonly url: string;
  close(): Promise<void>;
}

export async function openTarget(environment: Readonly<Record<string, string>> = {}): Promise<Target> {
  const given = process.env['SHUTTERLINE_URL'];
  if (given !== undefined) return { url: given, close: async () => {} };
  const folder = await temporaryFolder('blackbox');
  const server = await startServer({ dataDir: folder.path, environment });
  return {
    url: server.url,
    async close() {
      await server.end('SIGTERM');
      await folder.remove();
    },
  };
}
