import type { Reporter } from '../../config/reporter.js';
import { UserFacingError } from '../../config/user-facing-error.js';
import type { DataFolder } from './data-folder.js';
import { chooseFreePort, isPortFree } from './free-port.js';
import { readMongodRecord } from './mongod-record.js';

/**
 * The port for a server about to be started: the fixed one, else the remembered one, else a free one.
 * @param wanted.fixed MONGOD_PORT, when set
 * @param wanted.avoid PORT, which the service itself is to listen on
 * @throws UserFacingError when the fixed one is taken.
 */
export async function choosePort(
  folder: DataFolder,
  { fixed, avoid }: { fixed: number | undefined; avoid: number },
  reporter: Reporter,
): Promise<number> {
  if (fixed !== undefined) {
    if (await isPortFree(fixed)) return fixed;
    throw portTaken(fixed);
  }
  const remembered = (await readMongodRecord(folder.root))?.port;
  if (remembered !== undefined && remembered !== avoid && (await isPortFree(remembered))) return remembered;
  let port = await chooseFreePort();
  while (port === avoid) port = await chooseFreePort();
  if (remembered !== undefined) {
    const why = remembered === avoid ? 'is the one of the service now (PORT)' : 'is taken by another program';
    reporter.line(`Port ${remembered} of MongoDB ${why}; using ${port}`);
  }
  return port;
}

/** The failure to listen on a port that somebody else holds. */
export function portTaken(port: number): UserFacingError {
  return new UserFacingError(`Port ${port}, which MongoDB is to listen on, is taken by another program.`, {
    remedies: ['end that program', 'set MONGOD_PORT to a free port, or unset it to have one chosen'],
  });
}
