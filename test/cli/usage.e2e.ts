import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCli } from '../support/cli-installation.js';

let dataDir: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'family-accounts-cli-'));
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

const COMMANDS = [
  [],
  ['families'],
  ['families', 'list'],
  ['families', 'show'],
  ['families', 'history'],
  ['projections'],
  ['projections', 'list'],
  ['projections', 'rebuild'],
  ['projections', 'rollback'],
  ['projections', 'verify'],
  ['projections', 'quarantine'],
  ['projections', 'quarantine', 'list'],
  ['projections', 'quarantine', 'retry'],
  ['events'],
  ['events', 'tail'],
  ['events', 'show'],
  ['claims'],
  ['claims', 'verify'],
  ['claims', 'rebuild'],
  ['database'],
  ['database', 'url'],
  ['database', 'init'],
  ['database', 'status'],
  ['doctor'],
];

describe('the command line', () => {
  it.each(COMMANDS.map((command) => [['family-accounts', ...command].join(' '), command] as const))(
    'says how %s is called, without an installation',
    async (name, command) => {
      const { code, out, err } = await runCli([...command, '--help'], { DATA_DIR: dataDir });
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toContain(`Usage: ${name}`);
      if (!out.includes('Commands:')) expect(out).toContain('--json');
    },
  );

  it.each([
    [['nonsense']],
    [['families', 'nonsense']],
    [['families']],
    [['projections']],
    [['projections', 'quarantine', 'nonsense']],
    [['projections', 'rollback']],
    [[]],
    [['doctor', '--nonsense']],
    [['doctor', 'too', 'many']],
    [['database', 'init']],
  ])('ends with 2 where it is called wrongly: %j', async (args) => {
    const { code, out, err } = await runCli(args, { DATA_DIR: dataDir });
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/--help|Usage/);
  });

  it('tells how to make an installation where there is none, and makes none', async () => {
    for (const args of [
      ['events', 'tail'],
      ['database', 'url'],
      ['claims', 'rebuild'],
      ['projections', 'rebuild', '--all'],
    ]) {
      const { code, out, err } = await runCli(args, { DATA_DIR: join(dataDir, 'nothing') });
      expect({ code, out }).toEqual({ code: 1, out: '' });
      expect(err).toContain('npm start');
      expect(err).not.toMatch(/^\s+at /m);
    }
  });

  it('tells which variable is wrong', async () => {
    const env = { DATA_DIR: dataDir, PORT: 'http', LOG_LEVEL: 'loud' };
    for (const args of [['doctor'], ['database', 'url'], ['database', 'init']]) {
      const { code, out, err } = await runCli(args, env);
      expect(code).toBe(1);
      expect(out + err).toContain('PORT must be a whole number from 0 to 65535, not "http"');
      expect(out + err).toContain('LOG_LEVEL must be one of');
      expect(out + err).not.toMatch(/^\s+at /m);
    }
  });
});
