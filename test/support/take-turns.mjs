// A process that takes its turn under a lock again and again, and tells whether it was ever alone no longer.
// Arguments: lock, file that names who works, rounds, whether to be killed in the middle of the last round.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { withFileLock } from '../../dist/config/file-lock.js';

const [lock, marker, rounds, dies] = process.argv.slice(2);
let overlaps = 0;
for (let round = 1; round <= Number(rounds); round += 1) {
  await withFileLock(lock, async () => {
    const before = Number(await readFile(marker, 'utf8').catch(() => '0'));
    if (before !== 0 && isAlive(before)) overlaps += 1;
    await writeFile(marker, String(process.pid));
    await sleep(Math.random() * 4);
    if (Number(await readFile(marker, 'utf8')) !== process.pid) overlaps += 1;
    if (dies === 'dies' && round === Number(rounds)) process.kill(process.pid, 'SIGKILL');
    await rm(marker);
  });
}
process.stdout.write(String(overlaps));

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
