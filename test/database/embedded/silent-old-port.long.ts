import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { startEmbedded } from '../../../src/database/embedded/start-embedded.js';
import { embeddedOptions } from '../../support/embedded-options.js';
import { testDataDir } from '../../support/test-data-dir.js';

it('moves to another port although the program on the old one accepts connections and never says a word', async () => {
  const folder = await testDataDir();
  const options = embeddedOptions(folder.path);
  const first = await startEmbedded(options);
  await first.release();
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket)).listen({
    host: '127.0.0.1',
    port: first.port,
  });
  await once(silent, 'listening');
  try {
    const second = await startEmbedded(options);
    expect(second.port).not.toBe(first.port);
    await second.release();
  } finally {
    for (const socket of sockets) socket.destroy();
    silent.close();
    await folder.remove();
  }
}, 90_000);
