/** The port of a listening uWebSockets.js app. */
import { type us_listen_socket, us_socket_local_port } from 'uWebSockets.js';

export function portOf(listening: us_listen_socket): number {
  // A listen socket is a socket; the type declaration does not say so.
  return us_socket_local_port(listening as Parameters<typeof us_socket_local_port>[0]);
}
