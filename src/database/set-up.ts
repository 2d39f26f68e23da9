import type { mongo } from 'mongoose';
import type { Configuration } from '../config/configuration.js';
import { findLogMark, leaveLogMark } from '../config/log-mark.js';
import type { Reporter } from '../config/reporter.js';
import { initialiseDatabase } from './initialise.js';
import type { DatabaseUser } from './roles.js';

/**
 * Sets up an installation's database (`initialiseDatabase`), and lets the data folder remember that its log
 * was begun: should the database come back empty one day, it is refused rather than begun again.
 * @throws UserFacingError
 */
export async function setUp(
  root: mongo.MongoClient,
  { dataDir, databaseName }: Pick<Configuration, 'dataDir' | 'databaseName'>,
  passwords: Readonly<Record<DatabaseUser, string>>,
  projections: readonly string[],
  reporter: Reporter,
): Promise<void> {
  const mark = findLogMark(dataDir, databaseName);
  await initialiseDatabase(root, databaseName, passwords, projections, reporter, mark);
  await leaveLogMark(dataDir, databaseName);
}
