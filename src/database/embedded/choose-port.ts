import type { Reporter } from '../../config/reporter.js';
import { UserFacingError } from '../../config/user-facing-error.js';
import type { DataFolder } from './data-folder.js';
import { chooseFreePort, isPortFree } from './free-port.js';
import { readMongodRecord } from './mongod-record.js';

/**
 * The port for a server about to be started: the fixed one, else the remembered one, else a free one.
 * @param fixed MONGOD_PORT, when set
 * @throws UserFacingError when the fixed one is taken.
 */
export async function choosePort(
  folder: DataFolder,
  fixed: number | undefined,
  reporter: Reporter,
): Promise<number> {
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

/** The failure to listen on a port that somebody else holds. */
export function portTaken(port: number): UserFacingError {
  return new UserFacingError(`Port ${port}, which MongoDB is to listen on, is taken by another program.`, {
    remedies: ['end that program', 'set MONGOD_PORT to a free port, or unset it to have one chosen'],
  });
}
