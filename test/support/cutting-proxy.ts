import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** What a proxy does to the next commit that passes. */
export type Cut =
  /** The server gets the commit, the client never hears of it: the connection is cut. */
  | 'lose the answer'
  /** The connection is cut before the server gets the commit. */
  | 'lose the commit';

/** A TCP proxy between a client and MongoDB that breaks connections at the moment that hurts most. */
export interface CuttingProxy {
  port: number;
  /** Arms it for the next `times` commits. */
  cutNextCommits(cut: Cut, times?: number): void;
  /** Commits that were cut so far. */
  cuts(): number;
  /** Holds all traffic back, as a network does that swallows packets; `resume` lets it go on. */
  stall(): void;
  /** The same as soon as a client sends something with `text` in it; resolves then. */
  stallAt(text: string): Promise<void>;
  resume(): void;
  close(): Promise<void>;
}

const COMMIT = Buffer.from('commitTransaction');

export async function startCuttingProxy(target: number): Promise<CuttingProxy> {
  const sockets = new Set<Socket>();
  let armed: { cut: Cut; left: number } | null = null;
  let cuts = 0;
  let stalled = false;
  let awaited: { text: string; met: () => void } | null = null;
  const stall = (): void => {
    stalled = true;
    for (const socket of sockets) socket.pause();
  };
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
      if (stalled) socket.pause();
    }
    let deaf = false;
    client.on('data', (chunk: Buffer) => {
      if (armed !== null && armed.left > 0 && chunk.includes(COMMIT)) {
        armed.left -= 1;
        cuts += 1;
        if (armed.cut === 'lose the commit') return void client.destroy();
        deaf = true;
      }
      upstream.write(chunk);
      if (awaited !== null && chunk.includes(awaited.text)) {
        stall();
        awaited.met();
        awaited = null;
      }
    });
    upstream.on('data', (chunk: Buffer) => {
      // The server has answered: the commit has happened.
      if (deaf) client.destroy();
      else client.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    cutNextCommits: (cut, times = 1) => {
      armed = { cut, left: times };
    },
    cuts: () => cuts,
    stall,
    stallAt: (text) =>
      new Promise((met) => {
        awaited = { text, met };
      }),
    resume: () => {
      stalled = false;
      for (const socket of sockets) socket.resume();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
