import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { startService, type ServiceProcess } from '../support/service-process.js';
import { testDataDir } from '../support/test-data-dir.js';
import { readTour, type Step } from './read-tour.js';

const ROOT = resolve(import.meta.dirname, '../..');
/** Printed between two steps; nothing that the tour calls prints it. */
const MARK = '\u001e';

/** Runs all steps in one bash, as a reader would, and returns what each of them printed. */
async function run(steps: readonly Step[], env: NodeJS.ProcessEnv): Promise<string[]> {
  const script = steps.map(({ commands }) => `${commands}\nprintf '${MARK}'`).join('\n');
  const shell = spawn('bash', ['-uo', 'pipefail', '-c', `exec 2>&1\n${script}`], {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  for await (const text of shell.stdout.setEncoding('utf8')) printed += String(text);
  return printed.split(MARK).slice(0, steps.length);
}

describe("README's tour", () => {
  const tour = readTour(readFileSync(join(ROOT, 'README.md'), 'utf8'));
  let folder: Awaited<ReturnType<typeof testDataDir>>;
  let service: ServiceProcess;
  let printed: string[];

  beforeAll(async () => {
    folder = await testDataDir();
    service = await startService({ dataDir: folder.path });
    printed = await run(tour, { PORT: new URL(service.url).port, DATA_DIR: folder.path });
  }, 120_000);

  afterAll(async () => {
    await service.kill('SIGINT');
    await folder.remove();
  }, 60_000);

  it('says what to expect of every step', () => {
    expect(tour.length).toBeGreaterThan(12);
  });

  it.each(tour.map((step, index) => ({ ...step, index })))(
    'prints $expected',
    ({ expected, commands, index }) => {
      let rest = printed[index] ?? '';
      for (const part of expected.split(' … ')) {
        const at = rest.indexOf(part);
        if (at === -1) throw new Error(`${commands}\nprinted\n${printed[index]}\nwithout\n${part}`);
        rest = rest.slice(at + part.length);
      }
    },
  );
});
