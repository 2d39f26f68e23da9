import { randomBytes } from 'node:crypto';
import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A process as it can be recognised later: ids are reused, an id together with its start is not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the operating system's own words; only ever compared for equality. */
  readonly startedAt: string;
}

/** The identity of a living process, or undefined when there is none with this id (zombies count as dead). */
export async function identifyProcess(pid: number): Promise<ProcessIdentity | undefined> {
  const startedAt = process.platform === 'linux' ? await startOnLinux(pid) : await startByPs(pid);
  return startedAt === undefined ? undefined : { pid, startedAt };
}

/** Whether exactly this process, not merely one with its id, is still alive. */
export async function isAlive(identity: ProcessIdentity): Promise<boolean> {
  return (await identifyProcess(identity.pid))?.startedAt === identity.startedAt;
}

/** The command line of a living process as one string per argument, or undefined when it cannot be read. */
export async function commandLine(pid: number): Promise<readonly string[] | undefined> {
  try {
    if (process.platform === 'linux') {
      const parts = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0');
      return parts.length > 1 ? parts.slice(0, -1) : undefined;
    }
    // ps joins arguments by blanks, so a path with blanks is found only by looking for it in the whole line.
    const { stdout } = await run('ps', ['-ww', '-o', 'command=', '-p', String(pid)]);
    return [stdout.trim()];
  } catch {
    return undefined;
  }
}

/** Reads what {@link ProcessIdentity} was stored as; undefined for anything else. */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('startedAt' in value))
      return undefined;
    const { pid, startedAt } = value;
    return typeof pid === 'number' && typeof startedAt === 'string' ? { pid, startedAt } : undefined;
  } catch {
    return undefined;
  }
}

async function startOnLinux(pid: number): Promise<string | undefined> {
  try {
    const [stat, boot] = await Promise.all([
      readFile(`/proc/${pid}/stat`, 'utf8'),
      readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => ''),
    ]);
    // The second field is the command in brackets and may itself hold blanks and brackets: count from its end.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'X') return undefined;
    // The first thread of a process can be a zombie while others still hold its port and its files.
    if (fields[0] === 'Z' && (await readdir(`/proc/${pid}/task`)).length <= 1) return undefined;
    const ticksSinceBoot = fields[19];
    return ticksSinceBoot === undefined ? undefined : `${boot.trim()}:${ticksSinceBoot}`;
  } catch {
    return undefined;
  }
}

async function startByPs(pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await run('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      // The start is told in local time: in another time zone, or after a change of it, it would be another one.
      env: { LC_ALL: 'C', TZ: 'UTC', PATH: process.env.PATH },
    });
    const [state = 'Z', ...start] = stdout.trim().split(/\s+/);
    return state.startsWith('Z') || start.length === 0 ? undefined : start.join(' ');
  } catch {
    return undefined;
  }
}

/**
 * A name for a file or folder of this process, which nothing else has again; from the name alone everyone can tell
 * whether the process lives.
 */
export async function nameOfThisProcess(): Promise<string> {
  const identity = await identifyProcess(process.pid);
  if (identity === undefined) throw new Error(`Process ${process.pid} cannot see itself`);
  const startedAt = Buffer.from(identity.startedAt).toString('base64url');
  return `${identity.pid}.${startedAt}.${randomBytes(8).toString('hex')}`;
}

/** The process that made this name; undefined for any other name. */
export function processNamedIn(name: string): ProcessIdentity | undefined {
  const [pid, startedAt] = name.split('.');
  if (!Number(pid) || startedAt === undefined) return undefined;
  return { pid: Number(pid), startedAt: Buffer.from(startedAt, 'base64url').toString('utf8') };
}
