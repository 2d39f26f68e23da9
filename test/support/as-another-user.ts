import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** "nobody" everywhere. */
const NOBODY = 65_534;

/** Runs `work` as a user whom permissions bind, who owns `folder`: root may read and write everything. */
export async function asAnotherUser(folder: string, work: () => Promise<unknown>): Promise<void> {
  if (process.geteuid?.() !== 0) {
    await work();
    return;
  }
  await promisify(execFile)('chown', ['-R', String(NOBODY), folder]);
  process.seteuid?.(NOBODY);
  try {
    await work();
  } finally {
    process.seteuid?.(0);
  }
}
