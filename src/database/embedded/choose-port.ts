import type { Reporter } from '../../config/reporter.js';
import { UserFacingError } from '../../config/user-facing-error.js';
import type { DataFolder } from './data-folder.js';
import { chooseFreePort, isPortFree } from './free-port.js';
import { readMongodRecord } from './mongod-record.js';

/**
 * The port for a server about to be started: that of MONGOD_PORT, else the remembered one, else a free one.
 * @throws UserFacingError when MONGOD_PORT is no port or is taken.
 */
export async function choosePort(
  folder: DataFolder,
  env: NodeJS.ProcessEnv,
  reporter: Reporter,
): Promise<number> {
  const fixed = readFixedPort(env);
  if (fixed !== undefined) {
    if (await isPortFree(fixed)) return fixed;
    throw portTaken(fixed);
  }
  const remembered = (await readMongodRecord(folder.root))?.port;
  if (remembered !== undefined && (await isPortFree(remembered))) return remembered;
  const port = await chooseFreePort();
  if (remembered !== undefined)
    reporter.line(`Port ${remembered} of MongoDB is taken by another program; using ${port}`);
  return port;
}

/** MONGOD_PORT, when set. */
export function readFixedPort(env: NodeJS.ProcessEnv): number | undefined {
  const text = env.MONGOD_PORT;
  if (text === undefined || text === '') return undefined;
  const port = Number(text);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new UserFacingError(`MONGOD_PORT must be a port between 1 and 65535, not "${text}".`);
}

/** The failure to listen on a port that somebody else holds. */
export function portTaken(port: number): UserFacingError {
  return new UserFacingError(`Port ${port}, which MongoDB is to listen on, is taken by another program.`, {
    remedies: ['end that program', 'set MONGOD_PORT to a free port, or unset it to have one chosen'],
  });
}
