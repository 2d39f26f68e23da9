import mongoose from 'mongoose';
import { projectionAlarms } from '../../src/projections/read/projection-alarms.js';
import type { Projection } from '../../src/projections/projection.js';
import { buildAll, caughtUp, startRunner } from '../support/projected.js';
import { families, members } from '../support/read-models.js';
import { renamed } from '../support/family-events.js';
import {
  createTestProjections,
  type TestProjections,
  type WrittenFamily,
} from '../support/test-projections.js';

const { Long } = mongoose.mongo;

let test: TestProjections;
let family: WrittenFamily;

beforeEach(async () => {
  test = await createTestProjections();
  family = await test.register();
});
afterEach(() => test.close());

const version = (number: number): Projection => ({ ...families, version: number });
const inSeconds = (seconds: number): Date => new Date(Date.now() + seconds * 1_000);

describe('the alarms of projections', () => {
  it('tell of a live generation of any other version: this code does not follow it', async () => {
    await buildAll(test.engine([version(2)]));
    expect(await projectionAlarms(test.engine([version(2)]), new Date())).toEqual([]);
    expect(await projectionAlarms(test.engine([version(3)]), new Date())).toEqual([
      { kind: 'projection-not-built', projection: 'families' },
    ]);
    expect(await projectionAlarms(test.engine([version(1)]), new Date())).toEqual([
      { kind: 'projection-of-newer-code', projection: 'families' },
    ]);
  });

  it('tell of one that nobody gets any further, half a minute after the first event that it lacks', async () => {
    const engine = test.engine([families, members]);
    await buildAll(engine);
    await test.append(family, renamed('Later'));
    expect(await projectionAlarms(engine, inSeconds(29))).toEqual([]);
    const behind = (projection: string) => ({ kind: 'projection-behind', projection });
    expect(await projectionAlarms(engine, inSeconds(31))).toEqual([behind('families'), behind('members')]);

    // Why one stopped says more.
    const { runner } = startRunner(engine);
    await caughtUp(engine);
    await runner.stop();
    expect(await projectionAlarms(engine, inSeconds(31))).toEqual([]);
    await test.append(family, renamed('Later still'));
    const stopped = { position: Long.fromNumber(3), message: 'It needs newer code', at: new Date() };
    await engine.statuses.updateOne({ _id: 'families' }, { $set: { stopped } });
    expect(await projectionAlarms(engine, inSeconds(31))).toEqual([
      { kind: 'projection-stopped', projection: 'families' },
      behind('members'),
    ]);
  });
});
