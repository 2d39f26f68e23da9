import mongoose from 'mongoose';
import { familyStream } from '../../src/families/family-stream.js';
import { liveGeneration } from '../../src/projections/generations/status.js';
import { documents } from '../support/try-rights.js';
import { twoFamilies } from '../support/two-families.js';

const cli = twoFamilies();
const { run, root } = cli;

describe('projections quarantine', () => {
  /** As a handler with a fault would have left it. */
  const park = async (projection: string, stream: string, position = 1): Promise<void> => {
    const live = liveGeneration(await cli.statuses().findOne({ _id: projection }));
    const generation = live?.generation.generation ?? 0;
    await documents(root(), 'projection_quarantine').insertOne({
      _id: `${projection}/${generation}/${stream}`,
      projection,
      generation,
      stream,
      position: mongoose.mongo.Long.fromNumber(position),
      type: 'FamilyRegistered',
      error: 'a fault',
      since: new Date(),
    });
  };
  const events = () => {
    const { rootClient, logName } = cli.installation.service.database;
    return rootClient.db(logName).collection('events');
  };

  it('shows the streams that cannot be taken, and takes them again after a fix', async () => {
    expect((await run(['projections', 'quarantine', 'list'])).out).toBe('Nothing is parked.\n');
    const stream = familyStream(cli.family.id);
    const [{ sealed }] = (await events().find({ stream }).toArray()) as unknown as [{ sealed: unknown }];
    await events().updateOne({ stream }, { $set: { sealed: new mongoose.mongo.Binary(Buffer.alloc(60)) } });
    const rebuilt = await run(['projections', 'rebuild', 'families']);
    // As `verify` would say of what is live now.
    expect(rebuilt.code).toBe(1);
    expect(rebuilt.out).toContain('missing    0\n    extra      1');
    expect(rebuilt.out).toContain('Not taken and parked: 1 stream');
    expect(rebuilt.out).toContain('"family-accounts projections quarantine list families"');
    expect(rebuilt.out).toContain('Live now. Undo: "family-accounts projections rollback families"');
    // It looks into nothing that is sealed.
    expect((await run(['projections', 'rebuild', 'registrations_daily'])).out).not.toContain('quarantine');
    const found = await run(['projections', 'quarantine', 'list', 'families', '--json']);
    expect(found.json().quarantined).toMatchObject([
      { projection: 'families', stream, position: 1, type: 'FamilyRegistered', error: expect.any(String) },
    ]);
    const verified = await run(['projections', 'verify', 'families']);
    expect(verified.code).toBe(1);
    expect(verified.out).toContain('1 parked stream:');
    expect((await run(['doctor'])).out).toContain('projections quarantine retry families');
    const again = await run(['projections', 'quarantine', 'retry', 'families']);
    expect(again.code).toBe(1);
    expect(again.out).toContain(`${stream}: stays parked`);

    await events().updateOne({ stream }, { $set: { sealed } });
    const other = await run(['projections', 'quarantine', 'retry', 'families', '--stream', 'family-other']);
    expect([other.code, other.out]).toEqual([1, '']);
    const retried = await run([
      'projections',
      'quarantine',
      'retry',
      'families',
      '--stream',
      stream,
      '--json',
    ]);
    const report = { ok: true, taken: 1, stillParked: 0, failures: [] };
    expect([retried.code, retried.json()]).toEqual([0, report]);
    expect((await run(['projections', 'verify', 'families'])).code).toBe(0);

    await park('members', stream, 2);
    await park('registrations_daily', stream);
    const first = await run(['projections', 'quarantine', 'list', '--limit', '1', '--json']);
    expect(first.json()).toMatchObject({ total: 2, quarantined: [{ projection: 'members', stream }] });
    const { out } = await run(['projections', 'quarantine', 'list', '--limit', '1']);
    expect(out).toContain('These are 1 of 2 parked streams: ask for more with --limit.');
    expect((await run(['projections', 'quarantine', 'list', '--limit', '0'])).code).toBe(2);
    const mended = await run(['projections', 'quarantine', 'retry', 'members']);
    expect([mended.code, mended.out]).toEqual([0, '1 stream taken, and followed again.\n']);
    const many = await run(['projections', 'quarantine', 'retry', 'registrations_daily']);
    expect(many.code).toBe(1);
    expect(many.err).toContain('emptied by a rebuild');
    expect((await run(['projections', 'rebuild', 'registrations_daily'])).code).toBe(0);
    expect(await run(['projections', 'verify', '--all'])).toMatchObject({ code: 0 });
  });
});
