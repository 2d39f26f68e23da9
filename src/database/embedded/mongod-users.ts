import { randomBytes } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataFolder } from './data-folder.js';
import { identifyProcess, isAlive, parseIdentity } from '../../config/process-identity.js';
import { writeFileDurably } from '../../config/files.js';

/**
 * Notes that this process uses the installation's mongod, so that no other stops it meanwhile.
 * @returns the registration's file, to be handed to {@link unregisterUser}.
 */
export async function registerUser(folder: DataFolder): Promise<string> {
  await mkdir(folder.users, { recursive: true, mode: 0o700 });
  // One file per use, not per process: a process may hold several at a time.
  const file = join(folder.users, `${process.pid}-${randomBytes(3).toString('hex')}`);
  await writeFileDurably(file, JSON.stringify(await identifyProcess(process.pid)));
  return file;
}

/** Takes a registration back. */
export async function unregisterUser(file: string): Promise<void> {
  await rm(file, { force: true });
}

/** The processes that use the mongod now, one entry per registration; changes nothing. */
export async function listUsers(folder: DataFolder): Promise<readonly number[]> {
  return (await readRegistrations(folder)).filter(({ alive }) => alive).map(({ pid }) => pid);
}

/** Removes the registrations of processes that have ended. Call it under the start lock. */
export async function sweepUsers(folder: DataFolder): Promise<void> {
  for (const { file, alive } of await readRegistrations(folder)) {
    if (!alive) await rm(file, { force: true });
  }
}

async function readRegistrations(
  folder: DataFolder,
): Promise<{ file: string; pid: number; alive: boolean }[]> {
  const names = await readdir(folder.users).catch(() => []);
  return Promise.all(
    names.map(async (name) => {
      const file = join(folder.users, name);
      const identity = parseIdentity(await readFile(file, 'utf8').catch(() => ''));
      return { file, pid: identity?.pid ?? 0, alive: identity !== undefined && (await isAlive(identity)) };
    }),
  );
}
