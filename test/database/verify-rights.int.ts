import type { mongo } from 'mongoose';
import { roleName } from '../../src/database/roles.js';
import { inspectDatabase, verifyDatabase } from '../../src/database/verify.js';
import { canonicalForm } from '../../src/families/claims/canonical-form.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { refusalOf } from '../support/verify-as-service.js';

let database: TestDatabase;
let log: mongo.Db;

beforeEach(async () => {
  database = await createTestDatabase();
  log = database.rootClient.db(database.logName);
});

afterEach(() => database.drop());

const refusal = () => refusalOf(database);

describe('the rights of the user who connects', () => {
  it('refuses root, who can change history, unless that is allowed loudly', async () => {
    const { rootClient, name } = database;
    await expect(
      verifyDatabase(rootClient, name, { allowWritableLog: false, canonicalForm, projections: [] }),
    ).rejects.toThrow(/this database user can change history: it may update, remove/);
    const { warnings } = await verifyDatabase(rootClient, name, {
      allowWritableLog: true,
      canonicalForm,
      projections: [],
    });
    expect(warnings).toMatchObject([{ code: 'log-writable' }]);
  });

  it('refuses a user who can neither change nor delete an event, but drop them all', async () => {
    await log.command({ grantRolesToUser: 'service', roles: [{ role: 'dbAdmin', db: database.logName }] });
    const { codes, message } = await refusal();
    expect(codes).toEqual(['log-writable']);
    expect(message).toContain('dropCollection');
  });

  it.each([
    ['make itself an administrator', { role: 'userAdmin', db: 'admin' }, /grantRole.* on admin/],
    [
      'make itself an administrator of every database',
      { role: 'userAdminAnyDatabase', db: 'admin' },
      /grantRole/,
    ],
    [
      'write users where they are stored',
      { role: 'restore', db: 'admin' },
      /insert.* on admin\.system\.users/,
    ],
  ])('refuses a user who can %s', async (_what, role, said) => {
    await log.command({ grantRolesToUser: 'service', roles: [role] });
    const { codes, message } = await refusal();
    expect(codes).toEqual(['log-writable']);
    expect(message).toMatch(said);
  });

  it('refuses a user who can become another by changing passwords', async () => {
    const { logName } = database;
    await grant({ resource: { db: logName, collection: '' }, actions: ['changePassword'] });
    expect((await refusal()).message).toContain(`changePassword on ${logName}`);
  });

  it('refuses a user who can remove the families’ keys', async () => {
    const { logName } = database;
    await grant({ resource: { db: logName, collection: 'family_keys' }, actions: ['remove'] });
    expect(await refusal()).toEqual({
      codes: ['log-writable'],
      message: expect.stringContaining(`remove on ${logName}.family_keys`) as string,
    });
  });

  it('names the rights that are missing', async () => {
    const { rootClient, name, logName } = database;
    await rootClient.db('admin').command({
      revokePrivilegesFromRole: roleName('service', name),
      privileges: [{ resource: { db: logName, collection: 'family_keys' }, actions: ['insert'] }],
    });
    expect(await refusal()).toEqual({
      codes: ['right-missing'],
      message: expect.stringContaining(`may not insert on ${logName}.family_keys`) as string,
    });
  });

  it('names the missing rights of another user, and looks no further', async () => {
    const reader = await database.clientAs('reader');
    const { findings } = await inspectDatabase(reader, database.name, {
      allowWritableLog: false,
      canonicalForm,
      projections: [],
    });
    expect(new Set(findings.map(({ code }) => code))).toEqual(new Set(['right-missing']));
  });
});

async function grant(privilege: mongo.Document): Promise<void> {
  const { rootClient, name } = database;
  await rootClient
    .db('admin')
    .command({ grantPrivilegesToRole: roleName('service', name), privileges: [privilege] });
}
