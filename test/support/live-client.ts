/** A live client at the model of a server, with everything the application was told. */
import { Live, type LiveStatus } from '../../sdk/live.ts';
import type { TextStorage } from '../../sdk/storage.ts';
import type { ShownFeed, WireEvent } from '../../sdk/wire.ts';
import { type ModelOptions, ScriptedLiveServer } from './scripted-live-server.ts';
import { VirtualPlatform, type VirtualSocket } from './virtual-platform.ts';

interface Options extends ModelOptions {
  readonly storage?: TextStorage;
  readonly rememberedEventIds?: number;
  readonly resumeInUpgrade?: boolean;
  readonly random?: () => number;
  /** Default true. */
  readonly inflates?: boolean;
}

/** A client, the model of a server, and what the application saw. */
export function liveClient(options: Options = {}) {
  const server = new ScriptedLiveServer(options);
  const platform = new VirtualPlatform(options.random);
  if (options.inflates === false) platform.inflate = null;
  const sockets: VirtualSocket[] = [];
  platform.onSocket = (socket) => {
    sockets.push(socket);
    server.connect(socket);
  };
  const seen: string[] = [];
  const statuses: LiveStatus['kind'][] = [];
  const reloads: string[] = [];
  const states: unknown[] = [];
  const refusedTokens: (string | undefined)[] = [];
  const failures: unknown[] = [];
  const application = {
    caughtUps: 0,
    caughtUp: (): void => undefined,
    reload: (_reason: string): Promise<ShownFeed | null> => Promise.resolve({ posts: [], position: server.position }),
    event: (_event: WireEvent): void => undefined,
    accessToken: (refused?: string) => {
      refusedTokens.push(refused);
      return Promise.resolve({ text: `token-${refusedTokens.length}`, expiresAtMs: platform.now() + 900_000 });
    },
  };
  const live = new Live({
    url: 'https://example.test/',
    device: 'device',
    platform,
    ...(options.storage === undefined ? {} : { storage: options.storage }),
    ...(options.rememberedEventIds === undefined ? {} : { rememberedEventIds: options.rememberedEventIds }),
    ...(options.resumeInUpgrade === undefined ? {} : { resumeInUpgrade: options.resumeInUpgrade }),
    credentials: { accessToken: (refused) => application.accessToken(refused) },
    handlers: {
      event(event) {
        seen.push(event.id);
        application.event(event);
      },
      reload(reason) {
        reloads.push(reason);
        return application.reload(reason);
      },
      caughtUp() {
        application.caughtUps++;
        application.caughtUp();
      },
      state: (state) => states.push(state),
      status: (status) => statuses.push(status.kind),
      failed: (error) => failures.push(error),
    },
  });
  return { server, platform, sockets, seen, statuses, reloads, states, refusedTokens, failures, application, live };
}

export const ids = (...numbers: number[]): string[] => numbers.map((number) => `post.new:${number}`);
