import { setImmediate as nextTurn } from 'node:timers/promises';
import { PasswordHashing, PasswordHashingBusy } from '../../src/families/password-hashing.js';

const PASSWORD = 'correct horse battery staple';

describe('password hashing', () => {
  const passwords = new PasswordHashing({ concurrency: 2, maxWaiting: 100 });

  it('is argon2id with 19 MiB, two passes and one lane, and a new salt each time', async () => {
    const [one, other] = await Promise.all([passwords.hash(PASSWORD), passwords.hash(PASSWORD)]);
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    expect(other).not.toBe(one);
  });

  it('verifies the password that was hashed, and no other', async () => {
    const hash = await passwords.hash(PASSWORD);
    expect(await passwords.verify(hash, PASSWORD)).toBe(true);
    for (const other of ['', ' ', PASSWORD.toUpperCase(), `${PASSWORD} `, `${PASSWORD}\u0000`]) {
      expect(await passwords.verify(hash, other)).toBe(false);
    }
  });

  it('never takes a password for an address that nobody has, not even the one its decoy was made of', async () => {
    for (const password of ['a password nobody has', PASSWORD, '']) {
      expect(await passwords.verifyNothing(password)).toBe(false);
    }
  });

  it('takes one place in the queue for an address that nobody has, as for one that somebody has', async () => {
    const hash = await passwords.hash(PASSWORD);
    const single = new PasswordHashing({ concurrency: 1, maxWaiting: 100 });
    // From then on its decoy is there.
    await single.verifyNothing(PASSWORD);
    const unknown = [1, 2, 3].map(() => single.verifyNothing(PASSWORD));
    await nextTurn();
    expect(single.waiting).toBe(2);
    const known = [1, 2, 3].map(() => single.verify(hash, PASSWORD));
    await nextTurn();
    expect(single.waiting).toBe(5);
    await Promise.all([...unknown, ...known]);
    expect(single.waiting).toBe(0);
  });

  it('refuses what would wait beyond the end of the queue, and takes more when it has moved on', async () => {
    const short = new PasswordHashing({ concurrency: 1, maxWaiting: 2 });
    const taken = [1, 2, 3].map(() => short.hash(PASSWORD));
    await expect(short.hash(PASSWORD)).rejects.toThrow(new PasswordHashingBusy(2));
    await Promise.all(taken);
    expect(await short.hash(PASSWORD)).toContain('$argon2id$');
  });
});
