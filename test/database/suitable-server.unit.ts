import type { mongo } from 'mongoose';
import { requireSuitableServer } from '../../src/database/suitable-server.js';

/** A server that answers these two commands so; real ones of these kinds would each need a mongod of its own. */
function serverThatSays(hello: mongo.Document, version: string): mongo.MongoClient {
  const versionArray = version.split('.').map(Number);
  const command = (asked: mongo.Document) =>
    Promise.resolve('hello' in asked ? hello : { version, versionArray });
  return { db: () => ({ command }) } as unknown as mongo.MongoClient;
}

it('takes a member of a replica set, and mongos', async () => {
  await expect(requireSuitableServer(serverThatSays({ setName: 'rs0' }, '6.0.5'))).resolves.toEqual({
    version: '6.0.5',
    versionNumbers: [6, 0, 5],
  });
  await expect(requireSuitableServer(serverThatSays({ msg: 'isdbgrid' }, '8.0.1'))).resolves.toBeDefined();
});

it.each([
  ['a standalone', {}, '6.0.5', 'is not a member of a replica set'],
  ['a set that was not initiated', { isreplicaset: true }, '6.0.5', 'has not been initiated'],
  ['an old server', { setName: 'rs0' }, '5.0.31', 'This server is MongoDB 5.0.31; 6.0 or later is needed.'],
])('refuses %s', async (_what, hello, version, message) => {
  await expect(requireSuitableServer(serverThatSays(hello, version))).rejects.toThrow(message);
});
