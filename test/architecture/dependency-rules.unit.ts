import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
const RULES = join(ROOT, '.dependency-cruiser.cjs');
const DEPCRUISE = join(ROOT, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruise.mjs');

/** The direction of the architecture, stated again: from the doors down to the ground. */
const LAYERS = [
  ['http', 'cli'],
  ['families', 'sessions', 'operators', 'jobs', 'integrity', 'archive', 'reactions'],
  ['projections', 'privacy', 'idempotency'],
  ['event-log'],
  ['database', 'config'],
];
const FOLDERS = LAYERS.flat();
const layerOf = (folder: string): number => LAYERS.findIndex((layer) => layer.includes(folder));

interface Violation {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
}

/** Path → the modules it imports; `type x` imports nothing but types from x. */
type Tree = Readonly<Record<string, readonly string[]>>;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'family-accounts-rules-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the dependency rules', () => {
  it('let every folder import the layers below it and its own, and none above it', () => {
    const pairs = FOLDERS.flatMap((from) => FOLDERS.filter((to) => to !== from).map((to) => ({ from, to })));
    const { status, violations } = check({
      ...Object.fromEntries(FOLDERS.map((name) => [`src/${name}/thing.ts`, []])),
      ...Object.fromEntries(
        pairs.map(({ from, to }) => [`src/${from}/uses-${to}.ts`, [`../${to}/thing.js`]] as const),
      ),
    });
    // The engine of projections knows nobody of its own layer: events are opened for it.
    const isForbidden = ({ from, to }: { from: string; to: string }): boolean =>
      layerOf(from) > layerOf(to) ||
      layerOf(to) === 0 ||
      (from === 'projections' && layerOf(from) === layerOf(to));
    const found = new Set(violations.map(({ from, to }) => `${from} → ${to}`));
    const expected = pairs
      .filter(isForbidden)
      .map(({ from, to }) => `src/${from}/uses-${to}.ts → src/${to}/thing.ts`);
    expect([...found].sort()).toEqual(expected.sort());
    expect(status).not.toBe(0);
  });

  it('refuse one violation of each kind, and name it', () => {
    const { status, violations } = check(oneViolationOfEachRule());
    expect(sorted(violations)).toEqual(
      sorted([
        {
          rule: 'database-config-imports-nothing-above-it',
          from: 'src/database/up.ts',
          to: 'src/event-log/a.ts',
        },
        { rule: 'domain-is-pure', from: 'src/families/domain/decide.ts', to: 'node_modules/uuid/index.js' },
        { rule: 'domain-is-pure', from: 'src/families/domain/decide.ts', to: 'crypto' },
        { rule: 'domain-is-pure', from: 'src/families/domain/decide.ts', to: 'src/families/service.ts' },
        { rule: 'event-log-imports-nothing-above-it', from: 'src/event-log/up.ts', to: 'src/privacy/a.ts' },
        { rule: 'every-folder-has-a-layer', from: 'src/main.ts', to: 'src/helper.ts' },
        { rule: 'every-folder-has-a-layer', from: 'src/main.ts', to: 'src/utils/a.ts' },
        { rule: 'everything-resolves', from: 'src/jobs/lost.ts', to: './nowhere.js' },
        { rule: 'everything-resolves', from: 'src/jobs/lost.ts', to: 'not-a-package' },
        {
          rule: 'families-sessions-operators-jobs-integrity-archive-reactions-imports-nothing-above-it',
          from: 'src/sessions/up.ts',
          to: 'src/http/a.ts',
        },
        { rule: 'no-cycles', from: 'src/archive/one.ts', to: 'src/archive/two.ts' },
        { rule: 'nobody-imports-cli', from: 'src/http/door.ts', to: 'src/cli/a.ts' },
        { rule: 'nobody-imports-composition-roots', from: 'src/http/root.ts', to: 'src/app.module.ts' },
        { rule: 'nobody-imports-http', from: 'src/cli/door.ts', to: 'src/http/a.ts' },
        { rule: 'nobody-imports-http', from: 'src/sessions/up.ts', to: 'src/http/a.ts' },
        { rule: 'one-copy-of-the-driver', from: 'src/database/driver.ts', to: 'node_modules/bson/index.js' },
        {
          rule: 'one-copy-of-the-driver',
          from: 'src/database/driver.ts',
          to: 'node_modules/mongodb/index.js',
        },
        { rule: 'one-copy-of-the-driver', from: 'test/driver.unit.ts', to: 'node_modules/mongodb/index.js' },
        {
          rule: 'projections-privacy-idempotency-imports-nothing-above-it',
          from: 'src/privacy/up.ts',
          to: 'src/families/service.ts',
        },
        { rule: 'projections-have-no-effects', from: 'src/families/read-models/mail.ts', to: 'net' },
        {
          rule: 'projections-have-no-effects',
          from: 'src/families/read-models/mail.ts',
          to: 'src/event-log/append/a.ts',
        },
        {
          rule: 'projections-have-no-effects',
          from: 'src/families/read-models/mail.ts',
          to: 'src/event-log/event-log.ts',
        },
        {
          rule: 'projections-have-no-effects',
          from: 'src/families/read-models/mail.ts',
          to: 'src/families/families.service.ts',
        },
        {
          rule: 'projections-have-no-effects',
          from: 'src/families/read-models/mail.ts',
          to: 'src/reactions/a.ts',
        },
        { rule: 'projections-have-no-effects', from: 'src/projections/call.ts', to: 'https' },
        { rule: 'projections-know-no-family', from: 'src/projections/open.ts', to: 'src/privacy/a.ts' },
        { rule: 'src-needs-no-dev-dependencies', from: 'src/jobs/dev.ts', to: 'node_modules/jest/index.js' },
        { rule: 'src-never-imports-tests', from: 'src/jobs/test.ts', to: 'bench/run.ts' },
        { rule: 'src-never-imports-tests', from: 'src/jobs/test.ts', to: 'test/support/a.ts' },
      ]),
    );
    expect(status).not.toBe(0);
    const rules = createRequire(import.meta.url)(RULES) as { forbidden: { name: string }[] };
    expect(new Set(violations.map(({ rule }) => rule))).toEqual(
      new Set(rules.forbidden.map(({ name }) => name)),
    );
  });

  it('let the composition roots use everything, and the domain know how a URL is written', () => {
    const { status, violations } = check({
      'src/main.ts': ['./start-service.js', './config/a.js'],
      'src/start-service.ts': ['./app.module.js', './http/a.js'],
      'src/cli.ts': ['./app.module.js', './cli/a.js', './database/a.js'],
      'src/app.module.ts': ['./http/a.js', './event-log/a.js'],
      'src/http/a.ts': ['../families/domain/state.js', 'uuid'],
      'src/cli/a.ts': ['../families/domain/state.js', '../config/a.js'],
      'src/families/domain/state.ts': ['node:url', './events.js'],
      'src/families/domain/events.ts': [],
      'src/families/read-models/a.ts': [
        '../../projections/a.js',
        '../../privacy/a.js',
        '../domain/events.js',
      ],
      'src/projections/a.ts': [
        '../event-log/a.js',
        '../event-log/read/a.js',
        '../database/a.js',
        'node:crypto',
      ],
      'src/privacy/a.ts': [],
      'src/event-log/read/a.ts': [],
      'src/event-log/a.ts': ['../database/a.js'],
      'src/database/a.ts': ['../config/a.js', 'node:crypto'],
      'src/config/a.ts': [],
      'test/http/a.e2e.ts': ['../../src/http/a.js', '../../src/main.js', 'jest'],
      'bench/run.ts': ['../src/app.module.js'],
    });
    expect(violations).toEqual([]);
    expect(status).toBe(0);
  });
});

function oneViolationOfEachRule(): Tree {
  return {
    'src/app.module.ts': [],
    'src/main.ts': ['./helper.js', './utils/a.js'],
    'src/helper.ts': [],
    'src/utils/a.ts': [],
    'src/http/a.ts': [],
    'src/http/door.ts': ['../cli/a.js'],
    'src/http/root.ts': ['../app.module.js'],
    'src/cli/a.ts': [],
    'src/cli/door.ts': ['../http/a.js'],
    'src/families/service.ts': [],
    'src/families/families.service.ts': [],
    'src/families/read-models/mail.ts': [
      '../../reactions/a.js',
      '../families.service.js',
      '../../event-log/event-log.js',
      'type ../../event-log/append/a.js',
      'node:net',
    ],
    'src/reactions/a.ts': [],
    'src/projections/open.ts': ['../privacy/a.js'],
    'src/projections/call.ts': ['node:https'],
    'src/families/domain/decide.ts': ['node:crypto', 'uuid', '../service.js'],
    'src/sessions/up.ts': ['../http/a.js'],
    'src/privacy/a.ts': [],
    'src/privacy/up.ts': ['../families/service.js'],
    'src/event-log/a.ts': [],
    'src/event-log/event-log.ts': [],
    'src/event-log/append/a.ts': [],
    'src/event-log/up.ts': ['../privacy/a.js'],
    'src/database/up.ts': ['../event-log/a.js'],
    'src/database/driver.ts': ['type mongodb', 'bson'],
    'src/archive/one.ts': ['./two.js'],
    'src/archive/two.ts': ['./one.js'],
    'src/jobs/lost.ts': ['./nowhere.js', 'not-a-package'],
    'src/jobs/test.ts': ['../../test/support/a.js', '../../bench/run.js'],
    'src/jobs/dev.ts': ['jest'],
    'test/support/a.ts': [],
    'test/driver.unit.ts': ['mongodb'],
    'bench/run.ts': [],
  };
}

/** Writes the tree beside the project's own tsconfig and a few packages, and checks it as `npm run check` does. */
function check(tree: Tree): { status: number | null; violations: Violation[] } {
  cpSync(join(ROOT, 'tsconfig.json'), join(folder, 'tsconfig.json'));
  write('package.json', JSON.stringify({ dependencies: { uuid: '1' }, devDependencies: { jest: '1' } }));
  for (const name of ['uuid', 'jest', 'mongodb', 'bson']) {
    write(`node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', main: 'index.js' }));
    write(`node_modules/${name}/index.js`, 'module.exports = {};');
  }
  for (const [path, imports] of Object.entries(tree)) {
    write(path, [...imports.map(importLine), 'export type T = 1;', ''].join('\n'));
  }
  const folders = ['src', 'test', 'bench'].filter((name) =>
    Object.keys(tree).some((path) => path.startsWith(`${name}/`)),
  );
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [DEPCRUISE, '--config', RULES, '--output-type', 'err', ...folders],
    { cwd: folder, encoding: 'utf8', env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' } },
  );
  if (!stdout.includes('dependencies cruised'))
    throw new Error(`The rules were not checked: ${stdout}${stderr}`);
  const lines = stdout.matchAll(/^ *error ([\w-]+): (\S+) →\s+(\S+)/gmu);
  return { status, violations: [...lines].map(([, rule = '', from = '', to = '']) => ({ rule, from, to })) };
}

function importLine(module: string, n: number): string {
  const [, name] = /^type (.+)$/.exec(module) ?? [];
  return name === undefined
    ? `import * as m${n} from '${module}';`
    : `import type { T as T${n} } from '${name}';`;
}

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

function sorted(violations: readonly Violation[]): Violation[] {
  const key = ({ rule, from, to }: Violation): string => `${rule} ${from} ${to}`;
  return [...violations].sort((a, b) => key(a).localeCompare(key(b)));
}
