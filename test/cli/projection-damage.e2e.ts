import { untilAllFollow } from '../support/followed-projections.js';
import { twoFamilies } from '../support/two-families.js';
import { documents } from '../support/try-rights.js';

const cli = twoFamilies();
const { run, root, statuses } = cli;
const liveSlot = () => cli.liveSlot('families');

/** What root can do to a projection, and how it is named. */
const DAMAGES: {
  what: string;
  damage: () => Promise<unknown>;
  named: string;
  rebuild?: string[];
}[] = [
  {
    what: 'a dropped view',
    damage: () => root().collection('families').drop(),
    named: 'the view families is missing',
  },
  {
    what: 'a view that shows something else',
    damage: () => root().command({ collMod: 'families', viewOn: 'members@a', pipeline: [] }),
    named: 'the view families shows members@a instead of families@',
  },
  {
    what: 'a plain collection on the name of the view',
    damage: async () => {
      await root().collection('families').drop();
      await documents(root(), 'families').insertOne({ _id: 'squatter' });
    },
    named: 'families is a plain collection, where a view belongs',
  },
  {
    what: 'a dropped generation',
    damage: async () => (await liveSlot()).drop(),
    named: 'the collection families@',
  },
  {
    what: 'documents that were deleted',
    damage: async () => (await liveSlot()).deleteMany({ _id: { $ne: cli.family.id } }),
    named: '',
  },
  {
    what: 'dropped indexes',
    damage: async () => (await liveSlot()).dropIndexes(),
    named: 'lacks the indexes email_1, searchName_1, registeredAt_1, status_1_registeredAt_1',
  },
  {
    what: 'a deleted status',
    damage: () => statuses().deleteOne({ _id: 'families' }),
    named: 'its status is missing',
  },
  {
    what: 'a dropped projection_status',
    damage: () => statuses().drop(),
    named: 'its status is missing',
    rebuild: ['--all'],
  },
];

describe.each(DAMAGES)('$what', ({ damage, named, rebuild = ['families'] }) => {
  it('is named by verify and by doctor, and mended by a rebuild', async () => {
    const before = await root().collection('families').find().sort({ _id: 1 }).toArray();
    expect(before).toHaveLength(2);
    await damage();

    const verified = await run(['projections', 'verify', 'families']);
    expect(verified).toMatchObject({ code: 1 });
    expect(verified.out).toContain(named);
    expect(verified.out).toContain('"family-accounts projections rebuild families"');
    const doctor = await run(['doctor']);
    expect(doctor.code).toBe(1);
    expect(doctor.out).toContain(`Projection families: `);
    expect(doctor.out).toContain(named);
    expect(doctor.out).toContain('"family-accounts projections rebuild families"');

    expect(await run(['projections', 'rebuild', ...rebuild])).toMatchObject({ code: 0 });
    expect(await run(['projections', 'verify', '--all'])).toMatchObject({ code: 0 });
    expect(await run(['doctor'])).toMatchObject({ code: 0, out: expect.stringContaining('0 problems') });
    expect(await root().collection('families').find().sort({ _id: 1 }).toArray()).toEqual(before);
    await expect(root().collection('families').deleteMany({})).rejects.toThrow('is a view');
    expect((await run(['families', 'list', '--json'])).json()).toMatchObject({ complete: true });
  });
});

describe('afterwards', () => {
  it('projection_status has its validator again', async () => {
    const [found] = await root().listCollections({ name: 'projection_status' }).toArray();
    expect(found).toMatchObject({ options: { validator: { $jsonSchema: expect.anything() } } });
    const wrong = documents(root(), 'projection_status').insertOne({ _id: 'x', live: 'c' });
    await expect(wrong).rejects.toThrow('validation');
  });

  it('the plain collection is there under another name, and doctor tells', async () => {
    const [found] = await root()
      .listCollections({ name: /\.set-aside-/ })
      .toArray();
    expect(await documents(root(), found!.name).findOne({ _id: 'squatter' })).not.toBeNull();
    const { json } = await run(['doctor', '--json']);
    expect(json().checks).toContainEqual({
      state: 'warning',
      what: expect.stringContaining(found!.name),
      remedy: expect.stringContaining('look at what is in it'),
    });
  });

  it('a rebuild says where it has put a plain collection', async () => {
    await root().collection('members').drop();
    await root().createCollection('members');
    const { code, out } = await run(['projections', 'rebuild', 'members']);
    expect(code).toBe(0);
    expect(out).toMatch(/It was set aside as members\.set-aside-\S+: look at what is in it, then drop it\./);
  });

  it('the service has noticed nothing but what it could not read', async () => {
    const third = await cli.installation.service.register();
    await untilAllFollow(cli.installation.service.database);
    expect((await run(['families', 'list', '--email', third.email, '--json'])).json().families).toHaveLength(
      1,
    );
    expect((await run(['projections', 'verify', '--all'])).code).toBe(0);
  });
});

describe('an installation in which nothing was ever built', () => {
  it('has nothing wrong, and lists nothing', async () => {
    for (const name of ['families', 'members', 'family_activity', 'registrations_daily']) {
      for (const collection of [name, `${name}@a`, `${name}@b`]) await root().collection(collection).drop();
    }
    await statuses().deleteMany({});
    const doctor = await run(['doctor']);
    expect(doctor.code).toBe(0);
    expect(doctor.out).toContain('Projection families: has not been built yet');
    const list = await run(['projections', 'list']);
    expect(list).toMatchObject({ code: 0, out: expect.stringContaining('families: not built') });
    const families = await run(['families', 'list']);
    expect(families).toMatchObject({ code: 1, out: '', err: expect.stringContaining('projections rebuild') });
    const retry = await run(['projections', 'quarantine', 'retry', 'families']);
    expect(retry).toMatchObject({ code: 1, out: '' });
  });
});
