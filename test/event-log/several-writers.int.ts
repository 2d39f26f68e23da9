import { readLog } from '../../src/event-log/read/read-log.js';
import { EventLogError } from '../../src/event-log/errors.js';
import { checkLog } from '../support/check-log.js';
import { change, createTestLog, newEmail, registration, type TestLog } from '../support/test-log.js';

const WRITERS = 4;
const CALLERS = 16;
const ROUNDS = 6;
/** This is about order, not about who waits how long on a busy machine. */
const PATIENCE_MS = 90_000;

describe('four writers with sixteen callers each', () => {
  let test: TestLog;

  beforeAll(async () => {
    test = await createTestLog();
  });

  afterAll(() => test.close());

  it('keep one order without holes, one owner per value, and one chain; readers never see a gap', async () => {
    const contested = Array.from({ length: 40 }, newEmail);
    const shared = registration(newEmail());
    await test.log.append(shared);
    const writers = await Promise.all(
      Array.from({ length: WRITERS }, () => test.openWriter(undefined, PATIENCE_MS)),
    );
    const load = { isOn: true };
    let seen = 0;
    const reader = (async () => {
      while (load.isOn) {
        // `readLog` itself throws on the first gap.
        for await (const page of readLog(test.collections, { after: seen })) {
          seen = page.at(-1)?.position ?? seen;
        }
      }
    })();

    const owners = new Map<string, number>();
    const acknowledged: number[] = [];
    await Promise.all(
      writers.flatMap(({ log }) =>
        Array.from({ length: CALLERS }, async (_, caller) => {
          for (let round = 0; round < ROUNDS; round += 1) {
            const email = round % 2 === 0 ? newEmail() : (contested[(caller * ROUNDS + round) % 40] ?? '');
            const stored = await log.append(registration(email)).catch(refusedOrThrow);
            if (stored !== null) {
              acknowledged.push(stored.position);
              owners.set(email, (owners.get(email) ?? 0) + 1);
            }
            const version = (await log.readStream(shared.stream)).length;
            const changed = await log.append(change(shared.stream, version)).catch(refusedOrThrow);
            if (changed !== null) acknowledged.push(changed.position);
          }
        }),
      ),
    );
    load.isOn = false;
    await reader;

    expect([...owners.values()].every((count) => count === 1)).toBe(true);
    expect(contested.filter((email) => owners.has(email)).length).toBeGreaterThan(10);
    expect(new Set(acknowledged).size).toBe(acknowledged.length);
    const { problems, events } = await checkLog(test.database.rootClient, test.database.logName);
    expect(problems).toEqual([]);
    expect(events).toBe(acknowledged.length + 1);
    expect(seen).toBeGreaterThan(0);
  }, 120_000);
});

/** A conflict is part of the game; anything that is no refusal fails the test. */
function refusedOrThrow(error: unknown): null {
  if (error instanceof EventLogError && ['VersionConflict', 'ClaimTaken'].includes(error.name)) return null;
  throw error;
}
