import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createSecretFile } from './secret-files.js';

/**
 * The file by which a data folder remembers that the log of this database was begun; undefined where it does
 * not. Whoever finds it, and no log, has lost one.
 */
export function findLogMark(dataDir: string, databaseName: string): string | undefined {
  const path = logMarkPath(dataDir, databaseName);
  return existsSync(path) ? path : undefined;
}

/**
 * Leaves that file. Call it when the log has its head; a second call changes nothing.
 * @throws UserFacingError where the data folder cannot be written to
 */
export async function leaveLogMark(dataDir: string, databaseName: string): Promise<void> {
  if (findLogMark(dataDir, databaseName) !== undefined) return;
  await createSecretFile(
    logMarkPath(dataDir, databaseName),
    `The log of ${databaseName} was begun. As long as this file is here, no empty log takes its place.\n`,
  );
}

function logMarkPath(dataDir: string, databaseName: string): string {
  return join(dataDir, `${databaseName}.begun`);
}
