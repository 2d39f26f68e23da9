import { randomBytes, randomUUID } from 'node:crypto';
import { VersionConflict } from '../../src/event-log/errors.js';
import { carryOut, type FamilyStore } from '../../src/families/carry-out.js';
import type { CommandContext } from '../../src/families/command-context.js';
import type { FamilyCommand } from '../../src/families/domain/commands.js';
import { problemOfError } from '../../src/http/problems/problem-of-error.js';
import { IdempotencyKeys } from '../../src/idempotency/idempotency-keys.js';
import { FamilyKeys } from '../../src/privacy/family-keys.js';
import { createTestLog, newEmail, type TestLog } from '../support/test-log.js';

describe('a command that others always come before', () => {
  let test: TestLog;
  let store: FamilyStore;
  const family = randomUUID();
  let renamings = 0;

  beforeAll(async () => {
    test = await createTestLog();
    const { db } = test.collections;
    store = {
      log: test.log,
      keys: new FamilyKeys(db.collection('family_keys'), { key: randomBytes(32), fingerprint: 'ours' }),
      idempotencyKeys: new IdempotencyKeys(db.collection('idempotency_keys'), randomBytes(32), 8_000),
    };
    const email = newEmail();
    await carryOut(store, { family, isNew: true }, context(), ({ id }) => [
      {
        type: 'RegisterFamily',
        ownerId: randomUUID(),
        email: { canonical: email, asTyped: email },
        passwordHash: `hash of ${id}`,
        familyName: 'García',
        locale: 'es',
        now: new Date(),
      },
    ]);
  });

  afterAll(() => test.close());

  const context = (): CommandContext => ({
    actor: 'system:test',
    correlationId: randomUUID(),
    causationId: randomUUID(),
    now: new Date(),
    idempotencyKey: null,
  });

  /** Another name each time, or nothing would have to change. */
  const rename = (): FamilyCommand => {
    renamings += 1;
    return { type: 'RenameFamily', familyName: `García ${renamings}`, now: new Date() };
  };

  /** Renames the family, while others rename it first: `times` in all. */
  async function renameAfterOthers(times: number): Promise<{ decided: number; error: unknown }> {
    let decided = 0;
    const outcome = carryOut(store, { family, isNew: false }, context(), async () => {
      decided += 1;
      if (decided <= times) await carryOut(store, { family, isNew: false }, context(), () => [rename()]);
      return [rename()];
    });
    const error = await outcome.then(
      () => null,
      (reason: unknown) => reason,
    );
    return { decided, error };
  }

  it('is decided again on what they left, up to 20 times', async () => {
    expect(await renameAfterOthers(20)).toEqual({ decided: 21, error: null });
    const events = await test.log.readStream(`family-${family}`);
    expect(events).toHaveLength(1 + 20 + 1);
  });

  it('is refused after that, which HTTP answers with 409 changed-meanwhile', async () => {
    const { decided, error } = await renameAfterOthers(Infinity);
    expect(decided).toBe(21);
    expect(error).toBeInstanceOf(VersionConflict);
    const { problem } = problemOfError(error, 'urn:uuid:1');
    expect(problem).toMatchObject({ status: 409, type: '/problems/changed-meanwhile' });
  });
});
