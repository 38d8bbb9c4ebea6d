/** A way to a server that can be frozen (nothing passes, nothing ends) and cut. */
import { connect, createServer, type Server, type Socket } from 'node:net';

interface Traffic {
  readonly sockets: Set<Socket>;
  /** New connections freeze as well. */
  isFrozen: boolean;
}

export class TcpProxy {
  readonly port: number;
  private readonly server: Server;
  private readonly traffic: Traffic;

  private constructor(server: Server, traffic: Traffic, port: number) {
    this.server = server;
    this.traffic = traffic;
    this.port = port;
  }

  static async open(target: { readonly host: string; readonly port: number }): Promise<TcpProxy> {
    const traffic: Traffic = { sockets: new Set(), isFrozen: false };
    const { sockets } = traffic;
    const server = createServer((client) => {
      const upstream = connect(target.port, target.host);
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        sockets.add(from);
        if (traffic.isFrozen) from.pause();
        from.on('data', (bytes) => to.write(bytes));
        from.on('error', () => to.destroy());
        from.on('close', () => {
          sockets.delete(from);
          to.destroy();
        });
      }
    });
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    return new TcpProxy(server, traffic, port);
  }

  freeze(): void {
    this.traffic.isFrozen = true;
    for (const socket of this.traffic.sockets) socket.pause();
  }

  thaw(): void {
    this.traffic.isFrozen = false;
    for (const socket of this.traffic.sockets) socket.resume();
  }

  /** Ends all connections and takes no new ones. */
  async cut(): Promise<void> {
    const closed = new Promise((resolve) => {
      this.server.close(resolve);
    });
    for (const socket of this.traffic.sockets) socket.destroy();
    await closed;
  }
}
