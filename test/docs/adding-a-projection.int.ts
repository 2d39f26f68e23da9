import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pino } from 'pino';
import { initialiseDatabase } from '../../src/database/initialise.js';
import { readModelNames } from '../../src/families/read-models/index.js';
import { ProjectionsService } from '../../src/projections/projections.service.js';
import { rebuild } from '../../src/projections/rebuild/rebuild.js';
import { verifyProjection } from '../../src/projections/verify/verify.js';
import { until } from '../support/until.js';
import { createTestProjections, type TestProjections } from '../support/test-projections.js';
import { localesChosen } from './example/locales-chosen.js';

const ROOT = resolve(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
/** The blocks of code on the page, in order. */
const BLOCKS = [...read('docs/adding-a-projection.md').matchAll(/^```ts\n(.*?)^```$/gms)].map(
  ([, block]) => block ?? '',
);

/** What stands between the brackets of `readModels`. */
function readModelsIn(text: string): string[] {
  const list = /readModels: readonly Projection\[\] = \[([^\]]*)\]/.exec(text)?.[1] ?? '';
  return list.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()]));
}

describe('docs/adding-a-projection.md', () => {
  it('shows the file that is tested here, as it would stand among the others', () => {
    const example = read('test/docs/example/locales-chosen.ts');
    expect(BLOCKS[0]).toBe(example.replace('../../../src/families/read-models/', './'));
  });

  it('shows the line to add, and the others as they are', () => {
    const present = readModelsIn(read('src/families/read-models/index.ts'));
    expect(present).toHaveLength(readModelNames.length);
    expect(readModelsIn(BLOCKS[1] ?? '')).toEqual([...present, 'localesChosen']);
    expect(BLOCKS[1]).toContain(`import { localesChosen } from './locales-chosen.js';`);
  });
});

describe('the projection of that page', () => {
  let test: TestProjections;
  beforeAll(async () => {
    test = await createTestProjections();
    const { rootClient, name, passwords } = test.database;
    await initialiseDatabase(rootClient, name, passwords, [...readModelNames, localesChosen.name]);
    for (const locale of ['de', 'de', 'pt-BR']) {
      const family = await test.register();
      await test.append(family, { type: 'FamilyLocaleChanged', data: { locale }, personal: {} });
    }
  });
  afterAll(() => test.close());

  /** As anybody reads it: through the view. */
  async function documents(): Promise<unknown[]> {
    const { rootClient, name } = test.database;
    const view = rootClient.db(name).collection(localesChosen.name);
    return view
      .find({}, { projection: { position: 0 } })
      .sort({ _id: 1 })
      .toArray();
  }

  it('is built from what happened before it was there, and holds what the page says', async () => {
    const engine = test.engine([localesChosen]);
    expect(await rebuild(engine, localesChosen)).toMatchObject({ switched: true, events: 6, documents: 3 });
    expect(await documents()).toEqual([
      { _id: 'de', atRegistration: 0, later: 2 },
      { _id: 'en', atRegistration: 3, later: 0 },
      { _id: 'pt-BR', atRegistration: 0, later: 1 },
    ]);
    expect(await verifyProjection(engine, localesChosen)).toMatchObject({ ok: true, problems: [] });
  });

  it('is followed by the service, and built anew by a version of it that changed', async () => {
    const changed = { ...localesChosen, version: 2 };
    const engine = test.engine([changed]);
    const service = new ProjectionsService(engine, pino({ level: 'silent' }));
    service.start();
    const family = await test.register();
    const position = await test.append(family, {
      type: 'FamilyLocaleChanged',
      data: { locale: 'de' },
      personal: {},
    });
    await until(async () => (await service.alarms()).length === 0);
    await service.waitUntilReached(changed.name, position);
    expect((await documents())[0]).toEqual({ _id: 'de', atRegistration: 0, later: 3 });
    expect(await verifyProjection(engine, changed)).toMatchObject({ ok: true });
    await service.stop();
  });
});
