import { expectProblem } from '../support/expect-problem.js';
import { PASSWORD, startTestService, type TestService } from '../support/test-service.js';

let service: TestService;

beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.stop());

describe('an event that a newer version of the service wrote', () => {
  it('is answered 503 until the upgrade is through, and to other families not at all', async () => {
    const [theirs, ours] = [await service.register(), await service.register()];
    const events = service.database.rootClient.db(service.database.logName).collection('events');
    await events.updateOne({ stream: `family-${theirs.id}` }, { $set: { schema: 99 } });

    const { token, email } = theirs;
    for (const answer of [
      await service.call('GET', '/v1/family', { token }),
      await service.call('PATCH', '/v1/family', { token, body: { name: 'New Name' } }),
      await service.call('POST', '/v1/sessions', { body: { email, password: PASSWORD } }),
    ]) {
      expectProblem(answer, 503, 'unknown-event-shape');
      expect(answer.headers.get('retry-after')).toBe('5');
    }
    expect((await service.call('GET', '/v1/family', { token: ours.token })).status).toBe(200);
  });
});
