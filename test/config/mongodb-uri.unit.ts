import fc from 'fast-check';
import { formatMongodbUri, parseMongodbUri, redactUri } from '../../src/config/mongodb-uri.js';

it('reads back what it writes, whatever user name and password', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 1, unit: 'grapheme' }),
      fc.string({ unit: 'grapheme' }),
      (username, password) => {
        const uri = {
          scheme: 'mongodb' as const,
          username,
          password,
          hosts: 'a:1,b:2',
          database: 'home',
          options: new URLSearchParams({ replicaSet: 'rs0' }),
        };
        expect(parseMongodbUri(formatMongodbUri(uri))).toEqual(uri);
      },
    ),
  );
});

it.each(['', 'mongodb://', 'http://h/x', 'mongodb://a@b@c/x', 'mongodb://u:%zz@h/x', 'mongodb://h/a/b'])(
  'takes "%s" for no connection string',
  (text) => {
    expect(parseMongodbUri(text)).toBeUndefined();
  },
);

it('shows neither password nor secret option, and nothing of what it cannot read', () => {
  expect(redactUri('mongodb://u:p%40ss@h:1/x?tlscertificatekeyfilepassword=hush&tls=true')).toBe(
    'mongodb://u:***@h:1/x?tlscertificatekeyfilepassword=***&tls=true',
  );
  expect(redactUri('mongodb://u:p@ss@h/x')).toBe('(not a MongoDB connection string)');
});
