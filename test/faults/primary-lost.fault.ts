import { checkLog } from '../support/check-log.js';
import { expectKept, startLoad } from '../support/load.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { startTestService, type TestService } from '../support/test-service.js';
import { startThreeNodeSet, type ThreeNodeSet } from '../support/three-node-set.js';

/** Registrations that are acknowledged before the kill, and again after it. */
const ACKNOWLEDGED = 60;

describe('kill -9 of the primary under load', () => {
  let set: ThreeNodeSet;
  let database: TestDatabase;
  let service: TestService;

  beforeAll(async () => {
    set = await startThreeNodeSet();
    database = await createTestDatabase(set.rootUri);
    service = await startTestService({ database });
  }, 60_000);

  afterAll(async () => {
    await service.stop();
    await database.drop();
    await set.stop();
  }, 60_000);

  it('loses nothing that was acknowledged and doubles nothing; the service goes on by itself', async () => {
    const load = startLoad(service.url, { name: 'failover', concurrency: 8 });
    await load.acknowledged(ACKNOWLEDGED);
    const primary = await set.primary();
    await primary.kill();
    const before = load.calls.filter(({ outcome }) => outcome?.status === 201).length;
    await load.acknowledged(before + ACKNOWLEDGED);
    const calls = await load.stop();

    await expectKept(service.url, calls);
    const { problems, events } = await checkLog(database.rootClient, database.logName);
    expect(problems).toEqual([]);
    expect(events).toBe(calls.length);
  }, 60_000);
});
