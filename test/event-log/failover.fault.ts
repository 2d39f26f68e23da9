import { setTimeout as sleep } from 'node:timers/promises';
import mongoose, { type mongo } from 'mongoose';
import { isDatabaseAway } from '../../src/database/database-away.js';
import { ClaimTaken, LogUnavailable } from '../../src/event-log/errors.js';
import type { ProjectionEngine } from '../../src/projections/engine.js';
import { PositionUnknown, requireKnownPosition } from '../../src/projections/read/wait-until-reached.js';
import { checkLog } from '../support/check-log.js';
import { createTestLog, newEmail, registration, type TestLog } from '../support/test-log.js';
import { startThreeNodeSet, type ThreeNodeSet } from '../support/three-node-set.js';

const { ReadConcern } = mongoose.mongo;

/** Longer than what is not explained by a majority is looked up again. */
const LAG_MS = 3_500;
const PATIENCE_MS = 20_000;

describe('on a replica set of three', () => {
  let set: ThreeNodeSet;
  let test: TestLog;
  let confirmAgain: () => Promise<void>;

  beforeAll(async () => {
    set = await startThreeNodeSet();
  }, 60_000);

  afterAll(() => set.stop());

  beforeEach(async () => {
    test = await createTestLog(set.rootUri);
    confirmAgain = () => Promise.resolve();
  }, 60_000);

  afterEach(async () => {
    await confirmAgain();
    const { problems } = await checkLog(test.database.rootClient, test.database.logName);
    await test.close();
    expect(problems).toEqual([]);
  }, 60_000);

  it('an append that its primary took to the grave is not mistaken for another’s at its position', async () => {
    await test.log.append(registration(newEmail()));
    const [mine, other] = [await patientWriter(), await patientWriter()];
    const primary = await set.primary();
    confirmAgain = await set.withholdMajority();
    const request = registration(newEmail());
    const appended = mine.append(request);
    // Its commit is carried out on this primary alone, and the answer is lost.
    await interruptCommit(test.database.rootClient);
    // Time to find it there by its hash.
    await sleep(1_000);
    await primary.kill();
    await confirmAgain();
    await set.primary(primary);
    const instead = await other.append(registration(newEmail()));
    const { position } = await appended;

    expect([instead.position, position].sort()).toEqual([2, 3]);
    expect(await test.log.readStream(request.stream)).toMatchObject([{ position }]);
    await primary.start();
  }, 60_000);

  it('an address taken on a primary that no majority has confirmed yet is waited for, then refused', async () => {
    const email = newEmail();
    const [first, second] = [await patientWriter(), await patientWriter()];
    confirmAgain = await set.withholdMajority();
    const taking = first.append(registration(email));
    await untilOnPrimary(email);
    const late = second.append(registration(email)).catch((error: unknown) => error);
    await sleep(LAG_MS);
    await confirmAgain();
    expect((await taking).position).toBe(1);
    expect(await late).toBeInstanceOf(ClaimTaken);
  }, 60_000);

  it('nothing is called damaged while no majority confirms anything: nothing was stored, and that is told', async () => {
    const email = newEmail();
    const first = await patientWriter();
    const { log: second } = await test.openWriter(undefined, LAG_MS);
    confirmAgain = await set.withholdMajority();
    const taking = first.append(registration(email));
    await untilOnPrimary(email);
    await expect(second.append(registration(email))).rejects.toThrow(LogUnavailable);
    await confirmAgain();
    await taking;
  }, 60_000);

  it('a position that no majority is known to have yet is waited for, and not called unknown', async () => {
    await test.log.append(registration(newEmail()));
    const writer = await patientWriter();
    const engine = { log: test.collections } as ProjectionEngine;
    confirmAgain = await set.withholdMajority();
    const email = newEmail();
    const appending = writer.append(registration(email));
    await untilOnPrimary(email);
    const away = await requireKnownPosition(engine, 2, 500).catch((error: unknown) => error);
    expect(isDatabaseAway(away)).toBe(true);
    const known = requireKnownPosition(engine, 2);
    await confirmAgain();
    await known;
    await appending;
    await expect(requireKnownPosition(engine, 3)).rejects.toThrow(PositionUnknown);
  }, 60_000);

  async function patientWriter(): Promise<TestLog['log']> {
    const { log } = await test.openWriter(undefined, PATIENCE_MS);
    // Connected, and the streams' versions known.
    await log.head();
    return log;
  }

  async function untilOnPrimary(email: string): Promise<void> {
    const claims = test.collections.db.collection<{ _id: string }>('email_claims', {
      readConcern: new ReadConcern('local'),
    });
    while ((await claims.findOne({ _id: email })) === null) await sleep(20);
  }
});

/** Waits for a commit that waits for its majority, and ends that wait on the server. */
async function interruptCommit(root: mongo.MongoClient): Promise<void> {
  const admin = root.db('admin', { readConcern: new ReadConcern('local') });
  for (;;) {
    const [waiting] = await admin
      .aggregate<{ opid: number }>([
        { $currentOp: { allUsers: true } },
        { $match: { 'command.commitTransaction': 1 } },
      ])
      .toArray();
    if (waiting !== undefined) {
      await admin.command({ killOp: 1, op: waiting.opid });
      return;
    }
    await sleep(20);
  }
}
