import { availableParallelism } from 'node:os';
import { loadConfiguration } from '../../src/config/configuration.js';
import { UserFacingError } from '../../src/config/user-facing-error.js';

describe('the configuration', () => {
  it('has a default for everything', () => {
    expect(loadConfiguration({}, '/srv/app')).toEqual({
      port: 3000,
      host: '127.0.0.1',
      dataDir: '/srv/app/data',
      mongodbUri: undefined,
      mongodbAuditorUri: undefined,
      mongodbAdminUri: undefined,
      databaseName: 'family_accounts',
      logLevel: 'info',
      familyKeysKek: undefined,
      serviceSecret: undefined,
      allowWritableLog: false,
      accessTokenTtlSeconds: 900,
      tokenIssuer: 'family-accounts',
      passwordHashQueue: 512,
      passwordHashConcurrency: availableParallelism(),
      appendDeadlineMs: 8000,
      mongodBinary: undefined,
      mongodPort: undefined,
      mongodCacheGb: 0.25,
      mongodMinFreeMb: 200,
      mongodStartSeconds: 20,
    });
  });

  it('takes what the environment says, and an empty variable for unset', () => {
    const env = {
      PORT: '0',
      HOST: '::1',
      DATA_DIR: '/var/x/../y',
      LOG_LEVEL: '',
      ALLOW_WRITABLE_LOG: 'true',
    };
    expect(loadConfiguration(env, '/srv')).toMatchObject({
      port: 0,
      host: '::1',
      dataDir: '/var/y',
      logLevel: 'info',
      allowWritableLog: true,
    });
  });

  it('takes the database’s name from the path of MONGODB_URI', () => {
    const named = (uri: string) => loadConfiguration({ MONGODB_URI: uri }).databaseName;
    expect(named('mongodb://a:1,b:2/home-1?replicaSet=rs0')).toBe('home-1');
    expect(named('mongodb+srv://user:pass@cluster.example.org/home')).toBe('home');
    expect(named('mongodb://h/?replicaSet=rs0')).toBe('family_accounts');
    expect(named('mongodb://h')).toBe('family_accounts');
  });

  it('cannot be changed', () => {
    expect(Object.isFrozen(loadConfiguration({}))).toBe(true);
  });

  it.each([
    ['PORT', '65536', 'a whole number from 0 to 65535, not "65536"'],
    ['PORT', '3000.5', 'a whole number'],
    ['PORT', '-1', 'a whole number'],
    ['HOST', 'http://x', 'a host name or an IP address'],
    ['LOG_LEVEL', 'loud', 'one of fatal, error, warn, info, debug, trace, silent'],
    ['ALLOW_WRITABLE_LOG', 'yes', 'true or false'],
    ['ACCESS_TOKEN_TTL_SECONDS', '901', 'a whole number from 1 to 900'],
    ['ACCESS_TOKEN_TTL_SECONDS', '0', 'a whole number from 1 to 900'],
    ['PASSWORD_HASH_QUEUE', '255', 'a whole number from 256'],
    ['PASSWORD_HASH_CONCURRENCY', '0', 'a whole number from 1'],
    ['APPEND_DEADLINE_MS', 'Infinity', 'a whole number'],
    ['MONGOD_CACHE_GB', '0', 'a number from 0.25 to 10000'],
    ['MONGOD_CACHE_GB', '0.01', 'a number from 0.25 to 10000, not "0.01"'],
    ['MONGOD_CACHE_GB', '10001', 'a number from 0.25 to 10000'],
    ['MONGOD_START_SECONDS', '0', 'a number above 0'],
    ['MONGOD_PORT', '3000', 'another port than PORT, which is 3000'],
    ['MONGODB_URI', 'http://h/x', 'a connection string such as mongodb://'],
    ['MONGODB_URI', 'mongodb://h/a.b', 'a database name: it has up to 38 letters'],
    ['MONGODB_URI', `mongodb://h/${'a'.repeat(39)}`, 'a database name: it has up to 38 letters'],
    ['MONGODB_URI', 'mongodb://h/admin', 'none of admin, local and config'],
    ['MONGODB_URI', 'mongodb://u:p@ss/w@h/home', 'percent-encoded (@ as %40, / as %2F)'],
    ['MONGODB_ADMIN_URI', 'mongodb://u:p@ss/w@h/', 'percent-encoded (@ as %40, / as %2F)'],
    ['MONGODB_URI', 'mongodb://h/home_log', 'does not end in _log'],
    ['MONGODB_ADMIN_URI', 'db.example.org', 'a connection string such as mongodb://'],
    ['FAMILY_KEYS_KEK', 'c2hvcnQ=', '32 random bytes in base64'],
    ['SERVICE_SECRET', 'x'.repeat(64), '32 random bytes in base64'],
  ])('refuses %s=%s', (name, value, expected) => {
    const load = () => loadConfiguration({ [name]: value });
    expect(load).toThrow(UserFacingError);
    expect(load).toThrow(`${name} must be`);
    expect(load).toThrow(expected);
  });

  it('names everything that is wrong at once, and repeats no secret', () => {
    const load = () =>
      loadConfiguration({
        PORT: 'x',
        LOG_LEVEL: 'y',
        SERVICE_SECRET: 'hush',
        MONGODB_URI: 'mongo://u:hush@h',
      });
    expect(load).toThrow(
      /^(?!.*hush).*PORT must be .*MONGODB_URI must be .*LOG_LEVEL must be .*SERVICE_SECRET must be/,
    );
  });
});
