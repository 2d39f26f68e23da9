import { FamilyEventDecoder } from '../../src/families/read-models/family-event-decoder.js';
import type { Decoded, EventDecoder } from '../../src/projections/event-decoder.js';
import type { RecordedEvent } from '../../src/event-log/event.js';
import { rebuild } from '../../src/projections/rebuild/rebuild.js';
import { verifyProjection } from '../../src/projections/verify/verify.js';
import { heldWhile } from '../support/held-memory.js';
import { HASTY, liveOf } from '../support/projected.js';
import { members } from '../support/read-models.js';
import { createTestProjections, type TestProjections } from '../support/test-projections.js';

const FAMILIES = 60;
const CHILDREN = 1_000;
const DOCUMENTS = FAMILIES * CHILDREN;
/** What each document holds, in bytes; all of them 65 MB. */
const SIZE = 1_000;
/** More than the pages of both sides that are under way at the same time, in bytes. */
const A_FEW_PAGES = 40_000_000;

/** Large documents of small events, which need not be opened. */
const children = { ...members, on: { MemberAdded: () => ({ role: 'child', text: 'x'.repeat(SIZE) }) } };

let test: TestProjections;
let decoder: CountingDecoder;
let engine: ReturnType<TestProjections['engine']>;

/** Counts how many events are decoded: a replay of the log decodes each once. */
class CountingDecoder implements EventDecoder {
  decoded = 0;

  constructor(private readonly real: EventDecoder) {}

  knows(type: string): boolean {
    return this.real.knows(type);
  }

  decode(events: readonly RecordedEvent[]): Promise<Decoded[]> {
    this.decoded += events.length;
    return this.real.decode(events);
  }
}

beforeAll(async () => {
  test = await createTestProjections();
  decoder = new CountingDecoder(new FamilyEventDecoder(test.keys));
  engine = test.engine([children], decoder, HASTY);
  const write = async (name: number): Promise<void> => {
    const family = await test.register();
    const added = Array.from({ length: CHILDREN }, (_, child) => ({
      type: 'MemberAdded' as const,
      data: { memberId: `${name}-${child}`, role: 'child' as const },
      personal: { nickname: 'Nina' },
    }));
    await test.append(family, ...added);
  };
  for (let from = 0; from < FAMILIES; from += 5) {
    await Promise.all(Array.from({ length: 5 }, (_, index) => write(from + index)));
  }
  expect(await rebuild(engine, children)).toMatchObject({ documents: DOCUMENTS });
}, 120_000);
afterAll(() => test.close());

/** The live documents as root has them. */
async function live() {
  const { slot } = await liveOf(engine, 'members');
  const { rootClient, name } = test.database;
  return rootClient.db(name).collection<{ _id: string; [field: string]: unknown }>(`members@${slot}`);
}

describe('verifying a read model of 60,000 documents', () => {
  it('finds one that was altered, and holds a few pages of them at most', async () => {
    const { modifiedCount } = await (await live()).updateOne({ role: 'child' }, { $set: { role: 'owner' } });
    expect(modifiedCount).toBe(1);
    decoder.decoded = 0;
    const { result, bytes } = await heldWhile(() => verifyProjection(engine, children), 250);
    expect(result).toMatchObject({ ok: false, expected: DOCUMENTS, missing: 0, extra: 0, different: 1 });
    expect(decoder.decoded).toBe(2 * DOCUMENTS);
    expect(bytes).toBeLessThan(A_FEW_PAGES);
  }, 240_000);

  it('replays the log twice, and not once for so many documents, where all of them were deleted', async () => {
    await (await live()).deleteMany({});
    decoder.decoded = 0;
    expect(await verifyProjection(engine, children)).toMatchObject({
      ok: false,
      expected: DOCUMENTS,
      found: 0,
      missing: DOCUMENTS,
      extra: 0,
      different: 0,
    });
    expect(decoder.decoded).toBe(2 * DOCUMENTS);
  }, 240_000);
});
