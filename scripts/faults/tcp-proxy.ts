/**
 * A TCP proxy that stands between one process and the Temporal server and can be cut. It passes bytes on as
 * they are and looks at none. A stalled proxy is a network that swallows everything: connections stay open,
 * also new ones, nothing gets through, and what was sent meanwhile arrives once it is healed. (Toxiproxy
 * calls that the toxic `timeout` of 0.) A closed one tears connections down and lets none live.
 */
import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { LOOPBACK } from '../../engine/ports.ts';

/** What a cut does to connections. */
export type Cut = 'stalled' | 'closed';

/** A connection through the proxy: to the process, and to the server. */
interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

export class TcpProxy {
  /** What the process is to connect to. */
  readonly address: string;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  readonly #cuts = new Set<{ readonly how: Cut }>();

  /** Listens on a free port of this machine; `target` is `host:port`. Rejects when no port is to be had. */
  static async open(target: string): Promise<TcpProxy> {
    const server = createServer({ noDelay: true, pauseOnConnect: true });
    server.listen(0, LOOPBACK);
    await once(server, 'listening');
    return new TcpProxy(server, target);
  }

  private constructor(server: Server, target: string) {
    const { hostname, port } = new URL(`tcp://${target}`);
    const host = hostname.replace(/^\[(.*)\]$/, '$1');
    this.#server = server;
    this.address = `${LOOPBACK}:${(server.address() as AddressInfo).port}`;
    server.on('connection', (near: Socket) => {
      if (this.#is('closed')) near.resetAndDestroy();
      else this.#join(near, connect({ host, port: Number(port), noDelay: true }));
    });
  }

  /** Cuts it, and returns what heals it. Cut several times over, it is healed by the last of them. */
  cut(how: Cut): () => void {
    const cut = { how };
    this.#cuts.add(cut);
    for (const pair of this.#pairs) {
      if (how === 'closed') reset(pair);
      else hold(pair);
    }
    return () => {
      this.#cuts.delete(cut);
      if (this.#cuts.size === 0) for (const pair of this.#pairs) flow(pair);
    };
  }

  /** Ends all connections and listens no more. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const pair of this.#pairs) reset(pair);
    await closed;
  }

  #is(how: Cut): boolean {
    return [...this.#cuts].some((cut) => cut.how === how);
  }

  #join(near: Socket, far: Socket): void {
    const pair = { near, far };
    this.#pairs.add(pair);
    for (const socket of [near, far]) {
      // The other end, or a server that is not there: `close` follows.
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#pairs.delete(pair);
        near.destroy();
        far.destroy();
      });
    }
    if (this.#cuts.size === 0) flow(pair);
  }
}

function flow({ near, far }: Pair): void {
  near.pipe(far);
  far.pipe(near);
}

function hold({ near, far }: Pair): void {
  near.unpipe(far).pause();
  far.unpipe(near).pause();
}

function reset({ near, far }: Pair): void {
  near.resetAndDestroy();
  far.resetAndDestroy();
}
