import { randomBytes } from 'node:crypto';
import { signIn, register } from './support/registering.js';
import { startOpenMongod, type OpenMongod } from './support/open-mongod.js';
import { killProcesses, runCommand, runService, startService } from './support/service-process.js';
import { testDataDir } from './support/test-data-dir.js';

const EMAIL = 'maria@example.org';

let folder: Awaited<ReturnType<typeof testDataDir>>;

beforeEach(async () => (folder = await testDataDir()));
afterEach(async () => {
  await killProcesses();
  await folder.remove();
});

describe('the start of a process with another secret than the first one', () => {
  it.each(['FAMILY_KEYS_KEK', 'SERVICE_SECRET'])(
    'is refused, and the right one is served afterwards: %s',
    async (variable) => {
      const first = await startService({ dataDir: folder.path });
      expect(await register(first.url, EMAIL)).toMatchObject({ status: 201 });
      await first.kill('SIGTERM');

      const env = { [variable]: randomBytes(32).toString('base64') };
      const { code, output } = await runService({ dataDir: folder.path, env });
      expect(code).toBe(1);
      expect(output).toMatch(/This process has another .* \(fingerprint [0-9a-f]{32}, not [0-9a-f]{32}\)/);
      expect(output).toContain(`set ${variable} to the value`);
      expect(output).not.toMatch(/^\s+at |is ready/m);
      expect(output).not.toContain(env[variable]);

      const { url } = await startService({ dataDir: folder.path });
      expect(await signIn(url, EMAIL)).toMatchObject({ status: 201 });
    },
    120_000,
  );
});

describe('the start on a port that cannot be had', () => {
  it('is refused with a sentence, and with that alone', async () => {
    const first = await startService({ dataDir: folder.path });
    const taken = { PORT: new URL(first.url).port };
    for (const [env, said] of [
      [taken, `Port ${taken.PORT} on 127.0.0.1 is taken by another program.`],
      [{ HOST: '192.0.2.1' }, 'This machine cannot listen on 192.0.2.1, port 0 (EADDRNOTAVAIL).'],
    ] as const) {
      const { code, output } = await runService({ dataDir: folder.path, env });
      expect(code).toBe(1);
      expect(output).toContain(said);
      expect(output).not.toMatch(/"context"|NestApplication|^\s+at /m);
    }
  }, 60_000);
});

describe('the start on a MongoDB without access control', () => {
  let mongod: OpenMongod;
  beforeEach(async () => (mongod = await startOpenMongod()), 60_000);
  afterEach(() => mongod.stop());

  it('is refused, unless ALLOW_WRITABLE_LOG says that this is known: then it warns', async () => {
    const installation = { dataDir: folder.path, mongodbUri: mongod.uri };
    const set = await runCommand(['database', 'init'], {
      ...installation,
      env: { MONGODB_ADMIN_URI: mongod.uri },
    });
    expect(set).toMatchObject({ code: 0 });
    expect(set.output).toMatch(
      /^WARNING: the service will refuse to start: this database user can change history.*ALLOW_WRITABLE_LOG=true/m,
    );

    const refused = await runService(installation);
    expect(refused.code).toBe(1);
    expect(refused.output).toMatch(
      /this database user can change history: it may update, remove on open_log\.events/,
    );
    expect(refused.output).toContain('ALLOW_WRITABLE_LOG=true');
    expect(refused.output).not.toMatch(/^\s+at |is ready/m);

    const service = await startService({ ...installation, env: { ALLOW_WRITABLE_LOG: 'true' } });
    expect(service.output()).toMatch(/^WARNING: this database user can change history/m);
    expect(await register(service.url, EMAIL)).toMatchObject({ status: 201 });
    expect(await service.kill('SIGTERM')).toMatchObject({ code: 0 });
  }, 120_000);
});
