import { randomUUID } from 'node:crypto';
import mongoose from 'mongoose';
import supertest from 'supertest';
import { EventLog } from '../../src/event-log/event-log.js';
import { LogCollections } from '../../src/event-log/log-collections.js';
import { statusesOf, untilBuilt } from '../support/followed-projections.js';
import { until } from '../support/until.js';
import { startTestService, type TestService } from '../support/test-service.js';

describe('health', () => {
  let service: TestService;

  beforeAll(async () => {
    service = await startTestService();
    await untilBuilt(service.database);
  });

  afterAll(() => service.stop());

  const get = (path: string): supertest.Test => supertest(service.url).get(path);

  it('is live as soon as the process answers', async () => {
    await get('/health/live').expect(200, { status: 'live' });
  });

  it('is ready where the log can be read and claims can be made', async () => {
    await get('/health/ready').expect(200, { status: 'ready', alarms: [] });
  });

  it('is degraded where a projection is not built, or was made by older code', async () => {
    const statuses = statusesOf(service.database);
    const members = await statuses.findOneAndDelete({ _id: 'members' });
    await statuses.updateOne({ _id: 'families' }, { $set: { 'slots.a.version': 0 } });
    const { body } = await get('/health/ready').expect(200);
    expect(body).toEqual({
      status: 'degraded',
      alarms: ['families', 'members'].map((projection) => ({
        kind: 'projection-not-built',
        projection,
        remedy: expect.stringContaining(`projections rebuild ${projection}`),
      })),
    });
    await statuses.insertOne(members!);
    await statuses.updateOne({ _id: 'families' }, { $set: { 'slots.a.version': 1 } });
    await get('/health/ready').expect(200, { status: 'ready', alarms: [] });
  });

  it('is degraded where the live generation of a projection does not follow a stream', async () => {
    const quarantine = service.database.rootClient
      .db(service.database.name)
      .collection<mongoose.mongo.Document & { _id: string }>('projection_quarantine');
    const parked = (generation: number) => ({
      _id: `members/${generation}/family-1`,
      projection: 'members',
      generation,
      stream: 'family-1',
      position: mongoose.mongo.Long.fromNumber(1),
      type: 'MemberAdded',
      error: 'broken',
      since: new Date(),
    });
    await quarantine.insertOne(parked(2));
    await get('/health/ready').expect(200, { status: 'ready', alarms: [] });
    await quarantine.insertOne(parked(1));
    const { body } = await get('/health/ready').expect(200);
    expect(body).toEqual({
      status: 'degraded',
      alarms: [
        {
          kind: 'projection-quarantine',
          projection: 'members',
          remedy: expect.stringContaining('projections quarantine list members'),
        },
      ],
    });
    await quarantine.deleteMany({});
  });

  it('is degraded where a projection stopped at an event of newer code', async () => {
    const family = await service.register();
    const collections = new LogCollections(
      await service.database.clientAs('service'),
      service.database.logName,
    );
    const log = new EventLog(collections, { deadlineMs: 8_000 });
    const id = randomUUID();
    await log.append({
      stream: `family-${family.id}`,
      expectedVersion: 1,
      events: [{ type: 'FamilyMoved', schema: 1, data: {} }],
      meta: { actor: 'newer-code', commandId: id, correlationId: id, causationId: id },
      now: new Date(),
    });
    await log.close();
    await until(async () => (await get('/health/ready')).body.status === 'degraded');
    const { body } = await get('/health/ready').expect(200);
    expect(body.alarms).toEqual([
      { kind: 'projection-stopped', projection: 'family_activity', remedy: expect.stringContaining('newer') },
    ]);
    await statusesOf(service.database).updateOne({ _id: 'family_activity' }, { $unset: { stopped: '' } });
  });

  it('is degraded, and says what to do, where the claims were wiped', async () => {
    const claims = service.database.rootClient.db(service.database.logName).collection('email_claims');
    await claims.deleteMany({});
    await get('/health/ready').expect(200, {
      status: 'degraded',
      alarms: [{ kind: 'claims-missing', remedy: 'Run `family-accounts claims rebuild`' }],
    });
  });

  it('is not ready where the log has no head', async () => {
    await service.database.rootClient.db(service.database.logName).collection('log_head').deleteMany({});
    await get('/health/ready')
      .expect(503)
      .expect('content-type', /^application\/problem\+json/)
      .expect('retry-after', /^\d+$/);
  });
});
