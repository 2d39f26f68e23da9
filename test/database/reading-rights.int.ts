import { inspectReadingRights } from '../../src/database/inspect-rights.js';
import { roleName } from '../../src/database/roles.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;

beforeEach(async () => (database = await createTestDatabase()));
afterEach(() => database.drop());

describe.each(['reader', 'auditor'] as const)('the rights of %s', (user) => {
  const problems = async (): Promise<string[]> => {
    const client = await database.clientAs(user);
    const { findings } = await inspectReadingRights(client, database.name, { user, allowWritableLog: false });
    return findings.map(({ code, problem }) => `${code}: ${problem}`);
  };

  it('are as they must be after a set-up', async () => {
    expect(await problems()).toEqual([]);
  });

  it('are too few where one was revoked', async () => {
    await database.rootClient.db('admin').command({
      revokePrivilegesFromRole: roleName(user, database.name),
      privileges: [{ resource: { db: database.logName, collection: 'events' }, actions: ['find'] }],
    });
    expect(await problems()).toEqual([
      `right-missing: the database user "${user}" may not find on ${database.logName}.events`,
    ]);
  });

  it('are too many where it is a user who writes', async () => {
    await database.rootClient
      .db(database.logName)
      .command({ grantRolesToUser: user, roles: [{ role: 'readWrite', db: database.logName }] });
    expect(await problems()).toEqual([
      expect.stringMatching(`^reader-writes: .*"${user}".* update, remove.* on ${database.logName}.events`),
    ]);
  });
});
