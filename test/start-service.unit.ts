import { setTimeout as sleep } from 'node:timers/promises';
import { stopInOrder } from '../src/start-service.js';

describe('stopping the service', () => {
  const stopping = async (closeApp: () => Promise<void>): Promise<string[]> => {
    const done: string[] = [];
    const database = {
      close: async () => {
        done.push('database closed');
      },
    };
    await stopInOrder({ close: closeApp }, database, 100).catch((error: unknown) => {
      done.push(String(error));
    });
    return done;
  };

  it('ends the use of the database also where the server cannot be closed, and tells why it could not', async () => {
    expect(await stopping(() => Promise.reject(new Error('stuck')))).toEqual([
      'database closed',
      'Error: stuck',
    ]);
  });

  it('ends the use of the database also where requests do not end in time', async () => {
    expect(await stopping(() => sleep(10_000, undefined, { ref: false }))).toEqual(['database closed']);
  });
});
