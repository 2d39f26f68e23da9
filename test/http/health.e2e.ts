import supertest from 'supertest';
import { startTestService, type TestService } from '../support/test-service.js';

describe('health', () => {
  let service: TestService;

  beforeAll(async () => {
    service = await startTestService();
  });

  afterAll(() => service.stop());

  const get = (path: string): supertest.Test => supertest(service.url).get(path);

  it('is live as soon as the process answers', async () => {
    await get('/health/live').expect(200, { status: 'live' });
  });

  it('is ready where the log can be read and claims can be made', async () => {
    await get('/health/ready').expect(200, { status: 'ready', alarms: [] });
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
