import mongoose from 'mongoose';
import { startTestService, type TestService } from '../support/test-service.js';

/** Nothing of this occurs by chance in hashes, ids or field names. */
const EMAIL = { typed: 'Ζωή.Quixotic+List@Bücher-Quagmire.Example', local: 'ζωή.quixotic+list' };
const PASSWORDS = ['unguessable-marmalade-1', 'unguessable-marmalade-2'];
const FAMILY_NAMES = ['The Vandenbroucke-Ñandú', 'The Zweigelt-Zoë'];
const NICKNAMES = ['Kumquatina', 'Przemysława', 'Grandpa Ödön'];
const BIRTH_YEARS = [1931, 2013];
const REASON = 'Because of the xylophone';
const KEY = 'clavichord-key';

const SECRETS = [
  EMAIL.typed,
  EMAIL.local,
  'quixotic',
  'quagmire',
  'xn--bcher-quagmire',
  ...PASSWORDS,
  'marmalade',
  ...FAMILY_NAMES,
  'Vandenbroucke',
  'Zweigelt',
  ...NICKNAMES,
  'Kumquatin',
  REASON,
  'xylophone',
  KEY,
  '$argon2id',
];

let service: TestService;
beforeAll(async () => (service = await startTestService()));
afterAll(() => service.stop());

describe('what is stored for good', () => {
  it('holds no email, name, nickname, password or birth year in any case or encoding', async () => {
    await runEveryCommand();

    const events = await rawDocuments('events');
    expect(events.length).toBeGreaterThanOrEqual(10);
    const keys = await rawDocuments('idempotency_keys');
    expect(keys.length).toBeGreaterThanOrEqual(8);
    const leaks = [...events, ...keys].flatMap((raw, index) => {
      const text = searchable(raw);
      return needles()
        .filter((needle) => text.includes(needle))
        .map((needle) => `${needle} in document ${index}`);
    });
    expect(leaks).toEqual([]);
    const values = [...events, ...keys].flatMap((raw) => leaves(mongoose.mongo.BSON.deserialize(raw)));
    expect(values.filter((value) => BIRTH_YEARS.includes(Number(value)))).toEqual([]);
  });

  it('would be found by this search if it were there', async () => {
    // The claims hold the address in the clear, on purpose: they are no part of what is kept for good.
    const claims = (await rawDocuments('email_claims')).map(searchable).join();
    expect(needles().some((needle) => claims.includes(needle))).toBe(true);
    for (const encode of ENCODINGS) {
      const text = searchable(Buffer.from(`{"x":"${encode('Kumquatina')}"}`));
      expect(needles().some((needle) => text.includes(needle))).toBe(true);
    }
  });
});

/** Every mutation there is, each with an idempotency key. */
async function runEveryCommand(): Promise<void> {
  let calls = 0;
  const call = async (method: string, path: string, body: unknown, token?: string) => {
    calls += 1;
    const headers = { 'idempotency-key': `${KEY}-${calls}` };
    const answer = await service.call(method, path, {
      ...(body === undefined ? {} : { body }),
      token,
      headers,
    });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer;
  };
  const [password, changed] = PASSWORDS;
  const registered = await call('POST', '/v1/families', {
    email: EMAIL.typed,
    password,
    familyName: FAMILY_NAMES[0],
    locale: 'de',
  });
  const token: string = registered.body.session.accessToken;
  await call('PATCH', '/v1/family', { name: FAMILY_NAMES[1], locale: 'fr' }, token);
  const members = '/v1/family/members';
  const child = { role: 'child', nickname: NICKNAMES[0], birthYear: BIRTH_YEARS[0] };
  const { member } = (await call('POST', members, child, token)).body;
  const renamed = { nickname: NICKNAMES[1], birthYear: BIRTH_YEARS[1] };
  await call('PATCH', `${members}/${member.id}`, renamed, token);
  await call('DELETE', `${members}/${member.id}`, undefined, token);
  await call('POST', members, { role: 'parent', nickname: NICKNAMES[2] }, token);
  await call('POST', '/v1/family/password', { current: password, new: changed }, token);
  await call('POST', '/v1/family/close', { reason: REASON }, token);
  await call('POST', '/v1/family/reopen', { reason: REASON }, token);
}

async function rawDocuments(collection: string): Promise<Buffer[]> {
  const { rootClient, logName } = service.database;
  const documents: unknown[] = await rootClient
    .db(logName)
    .collection(collection)
    .find({}, { raw: true })
    .toArray();
  return documents.filter((document) => Buffer.isBuffer(document));
}

/** The bytes as text in which one letter is one letter: UTF-8 and UTF-16, folded, hex for what is binary. */
function searchable(raw: Buffer): string {
  const texts = [raw.toString('utf8'), raw.toString('utf16le'), raw.subarray(1).toString('utf16le')];
  return [...texts.map(fold), raw.toString('hex')].join('\n');
}

const fold = (text: string): string => text.normalize('NFKC').toLowerCase();
const rot13 = (text: string): string =>
  text.replace(/[a-z]/gi, (letter) => {
    const base = letter <= 'Z' ? 65 : 97;
    return String.fromCharCode(((letter.charCodeAt(0) - base + 13) % 26) + base);
  });

/** Ways in which a text might be written down without being protected. */
const ENCODINGS: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => text.toUpperCase(),
  (text) => text.normalize('NFD'),
  (text) => Buffer.from(text).toString('hex'),
  // At each of the three places where it can begin in a longer text, less the ends that its neighbours change.
  (text) => Buffer.from(text).toString('base64').slice(0, -4),
  (text) => Buffer.from(`.${text}`).toString('base64').slice(4, -4),
  (text) => Buffer.from(`..${text}`).toString('base64').slice(4, -4),
  (text) => Buffer.from(text).toString('base64url'),
  (text) => encodeURIComponent(text),
  (text) => JSON.stringify(text).replaceAll(/[\u0080-\uffff]/g, escape),
  (text) => [...text].reverse().join(''),
  rot13,
];

function escape(letter: string): string {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function needles(): string[] {
  const texts = SECRETS.flatMap((secret) => [secret, secret.toLowerCase()]);
  return [...new Set(texts.flatMap((text) => ENCODINGS.map((encode) => fold(encode(text)))))];
}

/** Every value in a document, however deep. */
function leaves(value: unknown): unknown[] {
  if (typeof value !== 'object' || value === null || value instanceof mongoose.mongo.Binary) return [value];
  return Object.values(value).flatMap(leaves);
}
