import type { Configuration } from '../config/configuration.js';
import { UserFacingError } from '../config/user-facing-error.js';
import { connectDatabase } from '../database/connect.js';
import { inspectReadingRights } from '../database/inspect-rights.js';
import type { OpenDatabase } from '../database/open-database.js';
import { eitherOf, toCheck, type Check } from './check.js';

/**
 * Signs in as the user of commands that only look, and looks whether it can do that and nothing else. Where its
 * password is not known the service runs all the same: a warning.
 * @throws UserFacingError where MongoDB refuses it
 */
export async function examineReadingUser(
  user: 'reader' | 'auditor',
  database: OpenDatabase,
  { allowWritableLog }: Configuration,
): Promise<Check[]> {
  const url = await database.urlAs(user).catch((error: unknown) => {
    if (error instanceof UserFacingError) return error;
    throw error;
  });
  if (url instanceof UserFacingError) {
    const what = `Commands that connect as "${user}" cannot be used here: ${url.message}`;
    return [{ state: 'warning', what, remedy: eitherOf(url.remedies) }];
  }
  const client = await connectDatabase(url);
  try {
    const { findings, warnings } = await inspectReadingRights(client, database.name, {
      user,
      allowWritableLog,
    });
    if (findings.length + warnings.length === 0) {
      return [{ state: 'ok', what: `The user "${user}" can read what its commands need, and cannot write` }];
    }
    return [
      ...findings.map((finding) => toCheck('problem', finding)),
      ...warnings.map((finding) => toCheck('warning', finding)),
    ];
  } finally {
    await client.close();
  }
}
