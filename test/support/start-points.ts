import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const WITHIN_MS = 25_000;

/** Where a first start leaves a trace of how far it has come, in the order in which it does. */
const POINTS = {
  'has its turn': (folder) => readdirSync(join(folder, 'mongod.starting')).length > 0,
  'has stored the password of root': (folder) => holds(folder, 'secrets/database-users.json', 'root'),
  'has stored the key file': (folder) => readText(folder, 'secrets/mongod-keyfile') !== '',
  'has chosen a mongod': (folder) => holds(folder, 'mongod.json', 'binary'),
  'has spawned it': (folder) => logged(folder, 'MongoDB starting'),
  'has a server that locks the folder': (folder) => readText(folder, 'mongodb/mongod.lock') !== '',
  'has a server that listens': (folder) => logged(folder, 'Waiting for connections'),
  'has asked for a replica set': (folder) => logged(folder, 'replSetInitiate admin command received'),
  'has a primary': (folder) => logged(folder, 'Transition to primary complete'),
  'has made the user root': (folder) => logged(folder, 'admin.system.users'),
  'has registered its use': (folder) => readdirSync(join(folder, 'mongod.users')).length > 0,
} satisfies Record<string, (folder: string) => boolean>;

export type StartPoint = keyof typeof POINTS;

export const START_POINTS = Object.keys(POINTS) as StartPoint[];

/** Resolves within a millisecond or two of the moment at which a first start in this folder is that far. */
export async function reaches(folder: string, point: StartPoint): Promise<void> {
  const until = Date.now() + WITHIN_MS;
  while (!isThere(folder, point)) {
    if (Date.now() > until) throw new Error(`The start never "${point}"`);
    await sleep(1);
  }
}

function isThere(folder: string, point: StartPoint): boolean {
  try {
    return POINTS[point](folder);
  } catch {
    return false;
  }
}

function logged(folder: string, text: string): boolean {
  return holds(folder, 'mongod.log', text);
}

function holds(folder: string, file: string, text: string): boolean {
  return readText(folder, file).includes(text);
}

function readText(folder: string, file: string): string {
  return readFileSync(join(folder, file), 'utf8');
}
