import { readFile } from 'node:fs/promises';
import { UserFacingError } from '../../config/user-facing-error.js';
import { dataFolder } from './data-folder.js';
import { hasErrorCode } from '../../config/error-facts.js';
import { writeFileDurably } from '../../config/files.js';

/** What an installation remembers of its mongod (`DATA_DIR/mongod.json`). */
export interface MongodRecord {
  readonly binary: string;
  /** Full version, `6.0.5`; the data stays with its major and minor number. */
  readonly version: string;
  readonly port: number;
}

/** @throws UserFacingError when the file exists and is not such a record. */
export async function readMongodRecord(dataDir: string): Promise<MongodRecord | undefined> {
  const path = dataFolder(dataDir).record;
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (hasErrorCode(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
  const record = parse(text);
  if (record === undefined) {
    throw new UserFacingError(
      `${path} does not hold {"binary", "version", "port"} of this installation's MongoDB.`,
      {
        remedies: [
          'restore this file from a backup, or write the binary, version and port that were used last',
        ],
      },
    );
  }
  return record;
}

export async function writeMongodRecord(dataDir: string, record: MongodRecord): Promise<void> {
  await writeFileDurably(dataFolder(dataDir).record, `${JSON.stringify(record, null, 2)}\n`);
}

function parse(text: string): MongodRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return undefined;
    if (!('binary' in value && 'version' in value && 'port' in value)) return undefined;
    const { binary, version, port } = value;
    return typeof binary === 'string' && typeof version === 'string' && typeof port === 'number'
      ? { binary, version, port }
      : undefined;
  } catch {
    return undefined;
  }
}
