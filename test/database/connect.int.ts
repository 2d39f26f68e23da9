import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { connectDatabase, clientOptions, databaseUrl } from '../../src/database/connect.js';
import { UserFacingError } from '../../src/config/user-facing-error.js';
import { createTestDatabase, testRootUri, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

describe('the URL of a user', () => {
  it('carries the database as its path and the log’s database as authSource', () => {
    expect(
      databaseUrl({
        server: 'mongodb://h:1,i:2/?replicaSet=rs0',
        name: 'home',
        as: 'service',
        password: 'a/b@c',
      }),
    ).toBe('mongodb://service:a%2Fb%40c@h:1,i:2/home?replicaSet=rs0&authSource=home_log');
  });

  it('replaces the credentials of the server’s URL, and puts root into admin', () => {
    expect(
      databaseUrl({ server: 'mongodb://x:y@h/z?authsource=z', name: 'home', as: 'root', password: 'r' }),
    ).toBe('mongodb://root:r@h/home?authSource=admin');
  });

  it('keeps credentials that are given, with our own users in the log’s database', () => {
    expect(databaseUrl({ server: 'mongodb://service:p@h/home', name: 'home' })).toBe(
      'mongodb://service:p@h/home?authSource=home_log',
    );
    expect(databaseUrl({ server: 'mongodb+srv://anna:p@h/home?authSource=people', name: 'home' })).toBe(
      'mongodb+srv://anna:p@h/home?authSource=people',
    );
    expect(databaseUrl({ server: 'mongodb://h', name: 'home' })).toBe('mongodb://h/home');
  });

  it('is refused for what is no connection string, without repeating it', () => {
    expect(() => databaseUrl({ server: 'http://user:secret@h', name: 'home' })).toThrow(
      'This is no MongoDB connection string.',
    );
  });
});

describe('connecting', () => {
  it('promises durable writes and committed reads, whatever the URL says', async () => {
    const weak = `${database.uriAs('service')}&w=1&journal=false&readConcernLevel=local&retryWrites=false&maxPoolSize=3`;
    const client = await connectDatabase(weak, { appName: 'test' });
    try {
      const { writeConcern, readConcern, retryWrites, maxPoolSize, appName } = client.options;
      expect({ w: writeConcern.w, journal: writeConcern.journal, read: readConcern.level }).toEqual({
        w: 'majority',
        journal: true,
        read: 'majority',
      });
      expect({ retryWrites, maxPoolSize, appName }).toEqual({
        retryWrites: true,
        maxPoolSize: 3,
        appName: 'test',
      });
    } finally {
      await client.close();
    }
  });

  it('leaves to the URL what it sets itself', () => {
    expect(clientOptions('mongodb://h/?connectTimeoutMS=9')).not.toHaveProperty('connectTimeoutMS');
    expect(clientOptions('mongodb://h/')).toMatchObject({ connectTimeoutMS: 2000, ignoreUndefined: true });
  });

  it('says that a password is wrong, without naming one', async () => {
    const url = databaseUrl({
      server: testRootUri(),
      name: database.name,
      as: 'service',
      password: 'a-wrong-one',
    });
    const error: unknown = await connectDatabase(url).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserFacingError);
    expect(String(error)).toContain('MongoDB refuses this user or password: mongodb://service:***@');
    expect((error as UserFacingError).describe()).not.toContain('a-wrong-one');
  });

  it('says within seconds that nobody answers', async () => {
    const url = `mongodb://service:secret@127.0.0.1:${await closedPort()}/home?serverSelectionTimeoutMS=500`;
    const error: unknown = await connectDatabase(url).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(UserFacingError);
    expect(String(error)).toContain('MongoDB does not answer at mongodb://service:***@127.0.0.1');
    expect((error as UserFacingError).describe()).not.toContain('secret@');
  });

  it.each(['true', 'false'])(
    'says that the server belongs to no replica set of that name (directConnection=%s)',
    async (directConnection) => {
      const { host } = new URL(testRootUri());
      const options = `replicaSet=another&serverSelectionTimeoutMS=500&directConnection=${directConnection}`;
      await expect(connectDatabase(`mongodb://${host}/home?${options}`)).rejects.toThrow(
        'no server there belongs to the replica set another',
      );
    },
  );

  it('says that an option of the URL is wrong, without repeating the URL', async () => {
    await expect(connectDatabase('mongodb://u:secret@h/?maxPoolSize=many')).rejects.toThrow(
      'mongodb://u:***@h/?maxPoolSize=many',
    );
    await expect(connectDatabase('nonsense:secret')).rejects.not.toThrow(/secret/);
  });

  it.each([
    [
      'a name that DNS does not know',
      'mongodb+srv://u:hush@nowhere.invalid/x',
      /does not answer.*cannot be looked up/,
    ],
    ['a port there cannot be', 'mongodb://u:hush@h:99999/x', /no MongoDB connection string that can be used/],
    ['a port that is none', 'mongodb://u:hush@h:port/x', /no MongoDB connection string that can be used/],
    [
      'a mechanism without a user',
      'mongodb://h/x?authMechanism=SCRAM-SHA-256',
      /Username required for mechanism/,
    ],
    [
      'a certificate that is not there',
      'mongodb://u:hush@h/x?tls=true&tlsCAFile=/no/ca.pem',
      /\/no\/ca\.pem.*ENOENT/,
    ],
    [
      'a folder for a key',
      'mongodb://u:hush@h/x?tls=true&tlsCertificateKeyFile=/tmp',
      /it is a folder \(EISDIR\)/,
    ],
  ])('says what is wrong with %s, without naming a password', async (_what, uri, said) => {
    const error: unknown = await connectDatabase(uri).catch((thrown: unknown) => thrown);
    if (!(error instanceof UserFacingError)) throw error;
    expect(error.describe().replaceAll('\n', ' ')).toMatch(said);
    expect(error.describe()).not.toContain('hush');
    expect(error.remedies.length).toBeGreaterThan(0);
  });

  it.each([
    ['authMechanism=PLAIN', 'mongodb://u:hush@'],
    ['authMechanism=GSSAPI', 'mongodb://u:hush@'],
    ['authMechanism=MONGODB-X509', 'mongodb://'],
  ])('says what is wrong where the server is there and %s is not to be had', async (option, start) => {
    const { host } = new URL(testRootUri());
    const connected = await connectDatabase(`${start}${host}/x?${option}`).catch((thrown: unknown) => thrown);
    if (!(connected instanceof UserFacingError)) throw connected;
    expect(connected.remedies.length).toBeGreaterThan(0);
    expect(connected.describe()).not.toContain('hush');
  });
});

async function closedPort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
