import type { mongo } from 'mongoose';
import { fingerprintOf } from '../../src/config/secrets.js';
import { LiveSlots } from '../../src/projections/read/live-slot.js';
import { rebuild } from '../../src/projections/rebuild/rebuild.js';
import { verifyProjection } from '../../src/projections/verify/verify.js';
import { caughtUp, liveOf } from '../support/projected.js';
import { until } from '../support/until.js';
import { differing, pureFold, storedBytes, type DocumentBytes } from '../support/pure-fold.js';
import { families } from '../support/read-models.js';
import { createTestProjections, type TestProjections } from '../support/test-projections.js';
import {
  startTestService,
  uniqueEmail,
  PASSWORD,
  type RegisteredFamily,
  type TestService,
} from '../support/test-service.js';
import { documents, type AnyDocument } from '../support/try-rights.js';
import { writeFamilies } from '../support/writes.js';

const FAMILIES = 2_000;
const LEFT = 38;

let service: TestService;
let test: TestProjections;
let someone: RegisteredFamily;
let before: DocumentBytes;

beforeAll(async () => {
  service = await startTestService();
  const { keyEncryptionKey: key } = service.secrets;
  test = await createTestProjections({
    database: service.database,
    kek: { key, fingerprint: fingerprintOf(key) },
  });
  someone = await service.register({ familyName: 'The Forgotten' });
  await writeFamilies(test, FAMILIES - 1, 1);
  await until(async () => (await liveOf(test.engine(), 'families').catch(() => null)) !== null);
  await caughtUp(test.engine(), ['families'], 30_000);
  before = await live();
}, 60_000);
afterAll(async () => {
  await test.close();
  await service.stop();
});

async function live(): Promise<DocumentBytes> {
  return storedBytes(test, 'families', (await liveOf(test.engine(), 'families')).slot);
}

/** What whoever tidies up in a shell has before them, as root: the plain name, or what is behind it. */
async function shell(collection?: string): Promise<mongo.Collection<AnyDocument>> {
  const { rootClient, name } = service.database;
  return documents(
    rootClient.db(name),
    collection ?? `families@${(await liveOf(test.engine(), 'families')).slot}`,
  );
}

/**
 * Registers, reads and signs in over HTTP, and looks for these families as the service does in the read model, until it is
 * stopped.
 */
function startTraffic(present: readonly string[]): { stop(): Promise<Record<string, number>> } {
  const slots = new LiveSlots(test.engine());
  const answers: Record<string, number> = {};
  let stopping = false;
  let searches = 0;
  const count = (what: string): void => void (answers[what] = (answers[what] ?? 0) + 1);
  const worker = async (call: () => Promise<string>): Promise<void> => {
    while (!stopping) count(await call().catch((error: unknown) => String(error)));
  };
  const workers = Promise.all([
    worker(async () => {
      const body = { email: uniqueEmail(), password: PASSWORD, familyName: 'The New' };
      return `register ${(await service.call('POST', '/v1/families', { body })).status}`;
    }),
    worker(async () => `read ${(await service.call('GET', '/v1/family', { token: someone.token })).status}`),
    worker(async () => `sign in ${(await signIn()).status}`),
    worker(async () => {
      searches += 1;
      const _id = present[searches % present.length] ?? '';
      const found = await (await slots.documents('families')).findOne({ _id });
      return `search ${found === null ? 'nothing' : 'found'}`;
    }),
  ]);
  return {
    stop: async () => {
      stopping = true;
      await workers;
      return answers;
    },
  };
}

const signIn = () =>
  service.call('POST', '/v1/sessions', { body: { email: someone.email, password: someone.password } });

describe('2,000 families, and somebody who types delete where save was meant', () => {
  it('cannot delete, update or save through the name that people and tools see', async () => {
    const view = await shell('families');
    expect(await view.countDocuments()).toBe(FAMILIES);
    const asSaved = { name: 'Saved', email: 'saved@example.org' };
    for (const attempt of [
      () => view.deleteMany({}),
      () => view.deleteOne({ _id: someone.id }),
      () => view.updateMany({}, { $set: { status: 'closed' } }),
      () => view.replaceOne({ _id: someone.id }, asSaved, { upsert: true }),
      () => view.findOneAndDelete({ _id: someone.id }),
    ]) {
      await expect(attempt()).rejects.toMatchObject({ code: 166 });
    }
    expect(differing(before, await live())).toEqual([]);
  });

  it('loses all but 38 behind the view, and nobody a sign-in; a rebuild brings back every byte', async () => {
    const collection = await shell();
    const kept = [...before.keys()].filter((id) => id !== someone.id).slice(0, LEFT);
    const { deletedCount } = await collection.deleteMany({ _id: { $nin: kept } });
    expect(deletedCount).toBe(FAMILIES - LEFT);
    expect(await (await shell('families')).countDocuments()).toBe(LEFT);

    const signedIn = await signIn();
    expect(signedIn).toMatchObject({
      status: 201,
      body: { family: { id: someone.id, name: 'The Forgotten' } },
    });

    const traffic = startTraffic(kept);
    const engine = test.engine();
    const found = await verifyProjection(engine, families);
    expect(found).toMatchObject({
      ok: false,
      missing: FAMILIES - LEFT,
      extra: 0,
      different: 0,
      problems: [],
    });
    expect(found.samples).toHaveLength(10);

    const report = await rebuild(engine, families);
    expect(report).toMatchObject({
      switched: true,
      quarantined: 0,
      differences: { missing: FAMILIES - LEFT, extra: 0, different: 0 },
    });
    const answers = await traffic.stop();
    const odd = Object.keys(answers).filter((what) => !/ (200|201|found)$/.test(what));
    expect(odd).toEqual([]);
    expect(answers['register 201']).toBeGreaterThan(0);
    expect(answers['read 200']).toBeGreaterThan(10);
    expect(answers['search found']).toBeGreaterThan(10);

    const after = await live();
    expect(
      [...before].filter(([id, bytes]) => after.get(id)?.equals(bytes) !== true).map(([id]) => id),
    ).toEqual([]);
    await caughtUp(engine, ['families']);
    expect(differing(await pureFold(test, families), await live())).toEqual([]);
    expect(await verifyProjection(engine, families)).toMatchObject({ ok: true, missing: 0 });
    expect(service.logged.filter((line) => line.includes('cannot go on'))).toEqual([]);
  }, 60_000);
});
