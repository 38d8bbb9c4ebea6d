import test from 'ava';
import { openTarget, type Target } from '../blackbox/target.ts';
import { nothingMoreThan, type Resources, resourcesNow } from '../support/left-behind.ts';
import type { OpenPhone } from './foreign-phone.ts';
import { requirePython, ScriptPhone } from './script-phone.ts';
import { SdkPhone } from './sdk-phone.ts';
import { SocketIoPhone } from './socketio-phone.ts';
import { tellLongAbsence, tellStory } from './story.ts';

let target: Target;
let before: Resources;
test.before(async () => {
  before = resourcesNow();
  target = await openTarget();
});
// Clients that were ended leave nothing running.
test.after.always(async () => {
  await target.close();
  await nothingMoreThan(before);
});

const script =
  (...command: string[]): OpenPhone =>
  (account) => {
    requirePython();
    return new ScriptPhone(account, command);
  };

const clients: readonly (readonly [string, OpenPhone])[] = [
  ['socket.io-client by long polling alone', (account) => new SocketIoPhone(account, 'polling')],
  ['socket.io-client by WebSocket alone', (account) => new SocketIoPhone(account, 'websocket')],
  ['the SDK on the native endpoint', (account) => new SdkPhone(account)],
  ['python-socketio by long polling alone', script('docs/examples/phone_socketio.py', 'polling')],
  ['python-socketio by WebSocket alone', script('docs/examples/phone_socketio.py', 'websocket')],
  ['the Python client that was written from the protocol', script('docs/examples/phone.py')],
];

for (const [name, open] of clients) {
  test.serial(
    `${name}: a photograph, a like and a comment arrive live; a cut and a restart lose and double nothing`,
    (t) => tellStory(t, target.url, open),
  );
  test.serial(`${name}: after an absence longer than the log, everything is there once`, (t) =>
    tellLongAbsence(t, target.url, open),
  );
}
