import { UserFacingError } from '../../src/config/user-facing-error.js';
import { inspectDatabase, verifyDatabase } from '../../src/database/verify.js';
import { canonicalForm } from '../../src/families/claims/canonical-form.js';
import type { TestDatabase } from './test-database.js';

const OPTIONS = { allowWritableLog: false, canonicalForm, projections: [] };

/** What a start of the service does with this database. @throws UserFacingError where it refuses it */
export async function verifyAsService(
  database: TestDatabase,
): Promise<{ warnings: readonly { code: string }[] }> {
  return verifyDatabase(await database.clientAs('service'), database.name, OPTIONS);
}

/** The codes of the findings, and the message in which the service refuses to start. */
export async function refusalOf(database: TestDatabase): Promise<{ codes: string[]; message: string }> {
  const client = await database.clientAs('service');
  const { findings } = await inspectDatabase(client, database.name, OPTIONS);
  const error = await verifyAsService(database).catch((thrown: unknown) => thrown);
  if (!(error instanceof UserFacingError)) throw new Error('It was not refused', { cause: error });
  expect(error.remedies.length).toBeGreaterThan(0);
  return { codes: findings.map(({ code }) => code), message: error.message };
}
