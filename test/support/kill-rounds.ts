import { setTimeout as sleep } from 'node:timers/promises';
import { embeddedStatus } from './embedded-status.js';
import { checkLog } from './check-log.js';
import { withEmbeddedRoot } from './embedded-root.js';
import { expectKept, startLoad } from './load.js';
import { outOfPlace, register, signIn } from './registering.js';
import { startService, type ServiceProcess } from './service-process.js';

/** Registrations that are acknowledged before the kill, which comes at random after them. */
const ACKNOWLEDGED_BEFORE = 10;

/** A kill, and the service that runs afterwards. */
type Round = (service: ServiceProcess, dataDir: string, name: string) => Promise<ServiceProcess>;

/** kill -9 of the service under load: the next start finds everything that was acknowledged. */
export const killService: Round = async (service, dataDir, name) => {
  const load = startLoad(service.url, { name });
  await atRandom(load);
  await service.kill('SIGKILL');
  const calls = await load.stop();
  expect(calls.some(({ outcome }) => outcome === null)).toBe(true);
  const next = await startService({ dataDir });
  await expectKept(next.url, calls);
  return next;
};

/** kill -9 of mongod under load: everything is answered 503 in time, and a restart brings it back. */
export const killDatabase: Round = async (service, dataDir, name) => {
  const load = startLoad(service.url, { name });
  await atRandom(load);
  const { pid } = await embeddedStatus(dataDir);
  if (pid === undefined) throw new Error('There is no mongod to kill');
  process.kill(pid, 'SIGKILL');
  await sleep(200);
  const [calls, ...away] = await Promise.all([
    load.stop(),
    register(service.url, `${name}-away@example.org`),
    signIn(service.url, load.calls[0]!.email),
  ]);

  // None is cut off, none is told anything but success or "not now".
  const answers = calls.map(({ outcome }) => outcome ?? null);
  const odd = outOfPlace([...answers, ...away]);
  const log = Object.keys(odd).length === 0 ? [] : unexpectedFailures(service);
  expect({ odd, log }).toEqual({ odd: {}, log: [] });
  expect(away.map((answer) => answer?.status)).toEqual([503, 503]);

  expect(await service.kill('SIGTERM')).toEqual({ code: 0, signal: null });
  const next = await startService({ dataDir });
  await expectKept(next.url, calls);
  return next;
};

/** Runs the rounds one after another on one installation, then reads its whole log. */
export async function runRounds(dataDir: string, rounds: readonly Round[]): Promise<void> {
  let service = await startService({ dataDir });
  for (const [index, round] of rounds.entries()) service = await round(service, dataDir, `round-${index}`);
  const { problems } = await withEmbeddedRoot(dataDir, (client) => checkLog(client, 'family_accounts_log'));
  expect(problems).toEqual([]);
}

async function atRandom(load: ReturnType<typeof startLoad>): Promise<void> {
  await load.acknowledged(ACKNOWLEDGED_BEFORE);
  await sleep(Math.random() * 400);
}

/** What the service logged of failures that it has no problem for, for whoever has to find the cause. */
function unexpectedFailures(service: ServiceProcess): string[] {
  return service
    .output()
    .split('\n')
    .filter((line) => line.includes('internal-error'));
}
