import { pino } from 'pino';
import { connectDatabase } from '../../src/database/connect.js';
import { LogCollections } from '../../src/event-log/log-collections.js';
import { FamilyEventDecoder } from '../../src/families/read-models/family-event-decoder.js';
import { readModels } from '../../src/families/read-models/index.js';
import { ProjectionEngine } from '../../src/projections/engine.js';
import { ProjectionsService } from '../../src/projections/projections.service.js';
import { ProjectionNotBuilt } from '../../src/projections/read/live-slot.js';
import {
  PositionUnknown,
  ProjectionBehind,
  waitUntilReached,
} from '../../src/projections/read/wait-until-reached.js';
import { rebuild } from '../../src/projections/rebuild/rebuild.js';
import { buildAll, HASTY, liveOf, startRunner } from '../support/projected.js';
import { families } from '../support/read-models.js';
import { createTestProjections, type TestProjections } from '../support/test-projections.js';

let test: TestProjections;

beforeEach(async () => {
  test = await createTestProjections();
  await test.register();
});
afterEach(() => test.close());

const renamed = (familyName: string) =>
  ({ type: 'FamilyRenamed', data: {}, personal: { familyName } }) as const;

describe('a read after one’s own write', () => {
  it('waits until the read model holds it', async () => {
    const engine = test.engine();
    await buildAll(engine);
    const family = await test.register();
    const { runner } = startRunner(engine);
    const position = await test.append(family, renamed('Changed'));
    const slot = await waitUntilReached(engine, 'families', position);
    expect(await engine.slot('families', slot).findOne({ _id: family.id })).toMatchObject({
      name: 'Changed',
    });
    await runner.stop();
  });

  it('gives up after a while where nobody follows the log, and says how far it has come', async () => {
    const engine = test.engine();
    await buildAll(engine);
    const position = await test.append(await test.register(), renamed('Changed'));
    const began = Date.now();
    const waiting = waitUntilReached(engine, 'families', position, { waitMs: 200 });
    await expect(waiting).rejects.toThrow(ProjectionBehind);
    await expect(waiting).rejects.toThrow(
      'families has reached position 1; position 3 was waited for in vain',
    );
    expect(Date.now() - began).toBeLessThan(1_500);
  });

  it('asks the database no more often for three hundred who wait than for one', async () => {
    await buildAll(test.engine());
    const position = await test.append(await test.register(), renamed('Changed'));
    const client = await connectDatabase(test.database.uriAs('service'), { monitorCommands: true });
    let asked = 0;
    client.on('commandStarted', ({ commandName, command }) => {
      if (commandName === 'find' && command['find'] === 'projection_status') asked += 1;
    });
    const log = new LogCollections(client, test.database.logName);
    const decoder = new FamilyEventDecoder(test.keys);
    const engine = new ProjectionEngine(log, test.database.name, readModels, decoder);
    const waiting = Array.from({ length: 300 }, () =>
      waitUntilReached(engine, 'families', position, { waitMs: 400 }),
    );
    const outcomes = await Promise.allSettled(waiting);
    await client.close();
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    // Every 8 ms at most, and once at first.
    expect(asked).toBeLessThan(60);
  });

  it('does not wait for a position that the log has not reached', async () => {
    const engine = test.engine();
    await buildAll(engine);
    const began = Date.now();
    await expect(waitUntilReached(engine, 'families', 99)).rejects.toThrow(PositionUnknown);
    expect(Date.now() - began).toBeLessThan(1_500);
  });

  it('says that a read model is not built yet', async () => {
    await expect(waitUntilReached(test.engine(), 'families', 1)).rejects.toThrow(ProjectionNotBuilt);
  });

  it('reads where it has waited, also right after a switch', async () => {
    const engine = test.engine(undefined, undefined, HASTY);
    const service = new ProjectionsService(engine, pino({ level: 'silent' }));
    await buildAll(engine);
    const family = await test.register();
    for (let turn = 0; turn < 4; turn += 1) {
      // The service knows the old slot for a moment still, and nobody follows that one any more.
      await service.documents('families');
      const position = await test.append(family, renamed(`Changed ${turn}`));
      await rebuild(engine, families);
      await service.waitUntilReached('families', position);
      const documents = await service.documents('families');
      expect(await documents.findOne({ _id: family.id })).toMatchObject({ name: `Changed ${turn}` });
    }
    expect((await liveOf(engine, 'families')).generation.generation).toBe(5);
  });
});
