/** The one listening socket of a node. Endpoints attach themselves to the app before it opens. */
import {
  App,
  type TemplatedApp,
  type us_listen_socket,
  us_listen_socket_close,
  us_socket_local_port,
} from 'uWebSockets.js';

export class UwsServer {
  private readonly app: TemplatedApp;
  private listening: us_listen_socket | null;
  readonly port: number;

  private constructor(app: TemplatedApp, listening: us_listen_socket) {
    this.app = app;
    this.listening = listening;
    // A listen socket is a socket; the type declaration does not say so.
    this.port = us_socket_local_port(listening as Parameters<typeof us_socket_local_port>[0]);
  }

  /** `port` 0 takes a free one. Rejects when the address cannot be listened on. */
  static open(address: { host: string; port: number }, attach: (app: TemplatedApp) => void): Promise<UwsServer> {
    const app = App();
    attach(app);
    return new Promise((resolve, reject) => {
      app.listen(address.host, address.port, (listening) => {
        if (listening === false)
          reject(new Error(`cannot listen on ${address.host}:${address.port}: is the port taken?`));
        else resolve(new UwsServer(app, listening));
      });
    });
  }

  stopListening(): void {
    if (this.listening === null) return;
    us_listen_socket_close(this.listening);
    this.listening = null;
  }

  /** Ends every connection at once. */
  close(): void {
    this.listening = null;
    this.app.close();
  }
}
