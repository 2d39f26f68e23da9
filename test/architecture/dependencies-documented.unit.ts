import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');

type Versions = Readonly<Record<string, string>>;
interface PackageJson {
  readonly dependencies: Versions;
  readonly devDependencies: Versions;
  readonly overrides: Readonly<Record<string, string | Versions>>;
}

interface Row {
  readonly name: string;
  readonly version: string;
  readonly reason: string;
}

const packageJson = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as PackageJson;
const sections = readFileSync(join(ROOT, 'docs', 'dependencies.md'), 'utf8').split(/^## /m);

describe('docs/dependencies.md', () => {
  it.each([
    ['At run time', packageJson.dependencies],
    ['For development', packageJson.devDependencies],
    ['Overrides', flattened(packageJson.overrides)],
  ])('names every package under "%s", in its version, and no other', (title, versions) => {
    const rows = rowsOf(title).map(({ name, version }) => [name, version]);
    expect(rows.sort()).toEqual(Object.entries(versions).sort());
  });

  it('gives a reason for each of them', () => {
    const rows = ['At run time', 'For development', 'Overrides'].flatMap(rowsOf);
    expect(rows.filter(({ reason }) => reason.length < 4)).toEqual([]);
  });
});

describe('package.json', () => {
  it('names exact versions alone', () => {
    const { dependencies, devDependencies, overrides } = packageJson;
    const versions = Object.entries({ ...dependencies, ...devDependencies, ...flattened(overrides) });
    expect(versions.filter(([, version]) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
  });

  it('has a lock file that names no place to download from', () => {
    expect(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).not.toContain('"resolved"');
  });
});

function rowsOf(title: string): Row[] {
  const section = sections.find((text) => text.startsWith(`${title}\n`)) ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| `'));
  return rows.map((line) => {
    const [, name = '', version = '', reason = ''] = line.split('|').map((cell) => cell.trim());
    return { name: name.replaceAll('`', ''), version, reason };
  });
}

/** `{a: {b: '1'}}` → `{'a › b': '1'}` */
function flattened(overrides: PackageJson['overrides']): Versions {
  return Object.fromEntries(
    Object.entries(overrides).flatMap(([name, version]) =>
      typeof version === 'string'
        ? [[name, version]]
        : Object.entries(version).map(([inner, innerVersion]) => [`${name} › ${inner}`, innerVersion]),
    ),
  );
}
