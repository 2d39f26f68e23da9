import { randomBytes } from 'node:crypto';
import mongoose from 'mongoose';
import { expectProblem } from '../support/expect-problem.js';
import { holdBack, statusesOf, untilBuilt } from '../support/followed-projections.js';
import { until } from '../support/until.js';
import {
  startTestService,
  type AnyJson,
  type Answer,
  type RegisteredFamily,
  type TestService,
} from '../support/test-service.js';

let service: TestService;

beforeAll(async () => {
  service = await startTestService();
  await untilBuilt(service.database);
});
afterAll(() => service.stop());

const positionOf = ({ headers }: Answer): string => headers.get('position') ?? '';

function history({ token }: RegisteredFamily, query = '', headers: Record<string, string> = {}) {
  return service.call('GET', `/v1/family/history${query}`, { token, headers });
}

function rename({ token }: RegisteredFamily, name: string): Promise<Answer> {
  return service.call('PATCH', '/v1/family', { token, body: { name } });
}

/** A family of which more is known than its registration; with the position that is reached by that. */
async function familyOf(names: readonly string[]): Promise<{ family: RegisteredFamily; position: string }> {
  const family = await service.register();
  let position = positionOf(family.answer);
  for (const name of names) position = positionOf(await rename(family, name));
  return { family, position };
}

/** Makes what is sealed in an event unreadable, as a broken disk or somebody with root's rights would. */
async function breakEvent({ id }: RegisteredFamily, version: number): Promise<void> {
  const events = service.database.rootClient.db(service.database.logName).collection('events');
  const sealed = new mongoose.mongo.Binary(randomBytes(60));
  await events.updateOne({ stream: `family-${id}`, version }, { $set: { sealed } });
}

describe('the history of a family', () => {
  it('tells what happened, newest first, with who did it', async () => {
    const { family, position } = await familyOf(['The Garcías']);
    const read = await history(family, `?atLeast=${position}`);

    expect(read.status).toBe(200);
    expect(read.body).toEqual({
      entries: [
        {
          version: 2,
          at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
          kind: 'family-renamed',
          text: 'The family is now called "The Garcías"',
          by: family.owner,
        },
        expect.objectContaining({ version: 1, kind: 'family-registered', by: family.owner }),
      ],
      older: 0,
      position: Number(position),
    });
    expect(positionOf(read)).toBe(position);
    expect(read.headers.get('etag')).toBe(`"${position}"`);
  });

  it('is not sent to who has it already', async () => {
    const { family, position } = await familyOf([]);
    const unchanged = await history(family, `?atLeast=${position}`, { 'if-none-match': `"${position}"` });
    expect([unchanged.status, unchanged.text, positionOf(unchanged)]).toEqual([304, '', position]);

    const later = positionOf(await rename(family, 'Other'));
    const changed = await history(family, `?atLeast=${later}`, { 'if-none-match': `"${position}"` });
    expect([changed.status, changed.body.entries.length]).toEqual([200, 2]);
  });

  it('is read page by page, each entry once', async () => {
    const { family, position } = await familyOf(['B', 'C', 'D', 'E']);
    const seen: number[][] = [];
    let before = '';
    for (;;) {
      const { body } = await history(family, `?limit=2&atLeast=${position}${before}`);
      seen.push([...body.entries.map(({ version }: AnyJson) => version), body.older]);
      if (body.older === 0) break;
      before = `&before=${body.entries.at(-1).version}`;
    }
    expect(seen).toEqual([
      [5, 4, 3],
      [3, 2, 1],
      [1, 0],
    ]);
    const { body } = await history(family, '?before=1');
    expect(body).toEqual({ entries: [], older: 0, position: Number(position) });
  });

  it('says how much is older than what is kept', async () => {
    const { family, position } = await familyOf(['B']);
    await history(family, `?atLeast=${position}`);
    const { rootClient, name } = service.database;
    const documents = rootClient.db(name).collection<{ _id: string }>('family_activity@a');
    await documents.updateOne({ _id: family.id }, { $set: { older: 7 } });

    expect((await history(family, '?limit=1')).body).toMatchObject({ entries: [{ version: 2 }], older: 8 });
    expect((await history(family, '?before=1')).body).toMatchObject({ entries: [], older: 7 });
  });

  it('is each family’s own, needs a token, and a family', async () => {
    const [mine, theirs] = [await familyOf(['Ours']), await familyOf(['Theirs'])];
    const read = await history(mine.family, `?atLeast=${theirs.position}`);
    expect(read.text).not.toContain('Theirs');
    expectProblem(await service.call('GET', '/v1/family/history'), 401, 'not-authenticated');

    const { rootClient, logName, name } = service.database;
    const stream = `family-${theirs.family.id}`;
    await rootClient
      .db(logName)
      .collection('events')
      .updateMany({ stream }, { $set: { stream: 'lost' } });
    await rootClient
      .db(name)
      .collection<{ _id: string }>('family_activity@a')
      .deleteOne({ _id: theirs.family.id });
    expectProblem(await history(theirs.family), 404, 'family-not-found');
  });

  it.each([
    ['limit', '0'],
    ['limit', '201'],
    ['limit', '1.5'],
    ['limit', '-1'],
    ['limit', ''],
    ['limit', '0x10'],
    ['limit', '1&limit=2'],
    ['limit', '%7B%22$gt%22%3A1%7D'],
    ['before', '0'],
    ['before', 'x'],
    ['before', '9007199254740992'],
    ['after', '1'],
  ])('is not asked for by %s=%s', async (field, value) => {
    const { family } = await familyOf([]);
    const refused = await history(family, `?${field}=${value}`);
    expectProblem(refused, 400, 'invalid-request');
    expect(refused.body.errors[0].field).toBe(field);
  });
});

describe('a history that is not all there', () => {
  it('is there up to the event that cannot be taken', async () => {
    const { family } = await familyOf([]);
    await history(family, `?atLeast=${positionOf(family.answer)}`);
    const giveBack = await holdBack(service.database, 'family_activity');
    const position = positionOf(await rename(family, 'Never readable'));
    await breakEvent(family, 2);
    await giveBack();

    const read = await history(family, `?atLeast=${position}`);
    expect([read.status, read.body.entries.length]).toEqual([200, 1]);
    expect(positionOf(read)).toBe(positionOf(family.answer));
    expectProblem(await service.call('GET', '/v1/family', { token: family.token }), 503, 'log-damaged');
  });

  it('is empty where already the first event cannot be taken', async () => {
    const giveBack = await holdBack(service.database, 'family_activity');
    const family = await service.register();
    await breakEvent(family, 1);
    const nothing = { entries: [], older: 0, position: 0 };
    expect((await history(family)).body).toEqual(nothing);
    await giveBack();
    const read = await history(family, `?atLeast=${positionOf(family.answer)}`);
    expect([read.status, read.body, positionOf(read)]).toEqual([200, nothing, '0']);
  });

  it('is 503 with a time to try again while nobody follows the log, and then is there', async () => {
    const { family, position: before } = await familyOf([]);
    await history(family, `?atLeast=${before}`);
    const giveBack = await holdBack(service.database, 'family_activity');
    const position = positionOf(await rename(family, 'Later'));
    const began = Date.now();
    const behind = await history(family, `?atLeast=${position}`);
    expectProblem(behind, 503, 'projection-behind');
    expect(behind.headers.get('retry-after')).toBe('1');
    expect(Date.now() - began).toBeGreaterThanOrEqual(3_000);
    expect(Date.now() - began).toBeLessThan(6_000);
    expect((await history(family)).body.entries).toHaveLength(1);

    await giveBack();
    await until(async () => (await history(family, `?atLeast=${position}`)).status === 200);
    expect((await history(family)).body.entries).toHaveLength(2);
  });

  it('is 503 with a time to try again before it was first built', async () => {
    const { family } = await familyOf([]);
    const statuses = statusesOf(service.database);
    const status = await statuses.findOneAndDelete({ _id: 'family_activity' });
    await until(async () => (await history(family)).status === 503);
    for (const query of ['', '?atLeast=1']) {
      const notBuilt = await history(family, query);
      expectProblem(notBuilt, 503, 'projection-not-built');
      expect(notBuilt.headers.get('retry-after')).toBe('5');
    }
    await statuses.insertOne(status!);
    expect((await history(family)).status).toBe(200);
  });
});
