import { UserFacingError } from '../../config/user-facing-error.js';
import type { DataFolder } from './data-folder.js';
import { tellingLines } from './mongod-log.js';

/** How a mongod ended: by itself with a code, or by a signal. */
export interface MongodExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Exit codes of mongod (https://www.mongodb.com/docs/manual/reference/exit-codes/) in words. */
const CODES: Readonly<Record<number, readonly [meaning: string, remedy: string]>> = {
  1: [
    'it could not begin: an option, its log or its key file',
    'see mongod.log; the lines above name the file or option',
  ],
  2: ['an option it does not know', 'use a mongod of the version that this data folder was made with'],
  14: [
    'it found its own files in a state it cannot go on from',
    'keep the folder as it is; restore a backup into another folder, or start it with the MongoDB version it was made with',
  ],
  48: ['its port is in use', 'set MONGOD_PORT to a free port, or unset it to have one chosen'],
  62: [
    'the data files were written by another version of MongoDB',
    'set MONGOD_BINARY to a mongod of the version that this data folder was made with',
  ],
  100: [
    'it cannot open its data files: another mongod uses them, they are read-only or damaged',
    'end the other mongod of this folder, or give this user the right to write to it',
  ],
  127: [
    'a library it needs is missing',
    'install what the lines above name, or set MONGOD_BINARY to another mongod',
  ],
};

const SIGNALS: Readonly<Partial<Record<NodeJS.Signals, readonly [meaning: string, remedy: string]>>> = {
  SIGILL: [
    'this processor lacks instructions it needs (AVX)',
    'set MONGOD_BINARY to a MongoDB built for this processor',
  ],
  SIGKILL: [
    'something ended it, most often for want of memory',
    'give the machine more memory and start again',
  ],
  SIGABRT: ['it gave up by itself; a full disk is the usual reason', 'make room on the disk and start again'],
};

/** A mongod that ended while it was being started, with MongoDB's own words and what to do. */
export async function endedAtStart(
  folder: DataFolder,
  exit: MongodExit,
  logFrom: number,
): Promise<UserFacingError> {
  const [meaning, remedy] = (exit.signal === null ? CODES[exit.code ?? -1] : SIGNALS[exit.signal]) ?? [
    'it gave no known reason',
    'see mongod.log',
  ];
  const how = exit.signal === null ? `exit code ${exit.code}` : `signal ${exit.signal}`;
  return new UserFacingError(
    `MongoDB ended while it was starting (${how}): ${meaning}.${await quoteLog(folder, logFrom)}`,
    {
      remedies: [
        remedy,
        `the whole log is in ${folder.log}; the data in ${folder.database} was left as it is`,
      ],
    },
  );
}

/** A mongod that runs but does not answer. Data of a newer MongoDB makes some versions wait like this for ever. */
export async function silentAtStart(
  folder: DataFolder,
  deadlineMs: number,
  logFrom: number,
): Promise<UserFacingError> {
  return new UserFacingError(
    `MongoDB did not get ready within ${deadlineMs / 1000} s; it was stopped again.${await quoteLog(folder, logFrom)}`,
    {
      remedies: [
        'if this folder was last used by a newer MongoDB, set MONGOD_BINARY to a mongod of that version',
        'if it is recovering a large folder after a crash, set MONGOD_START_SECONDS to allow it more time',
        `the whole log is in ${folder.log}; the data in ${folder.database} was left as it is`,
      ],
    },
  );
}

async function quoteLog(folder: DataFolder, from: number): Promise<string> {
  const lines = await tellingLines(folder.log, from).catch(() => []);
  return lines.length === 0 ? '' : `\nIts log says:\n${lines.map((line) => `    ${line}`).join('\n')}`;
}
