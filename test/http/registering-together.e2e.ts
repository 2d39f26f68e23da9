import { PASSWORD, startTestService, uniqueEmail, type TestService } from '../support/test-service.js';

let service: TestService;

beforeAll(async () => {
  service = await startTestService();
});
afterAll(() => service.stop());

describe('registrations that queue for their passwords', () => {
  it('are looked up and stored together, and each gets its own answer', async () => {
    const taken = uniqueEmail();
    const contested = uniqueEmail();
    const register = (email: string): Promise<number> =>
      service
        .call('POST', '/v1/families', { body: { email, password: PASSWORD, familyName: 'García' } })
        .then(({ status }) => status);
    expect(await register(taken)).toBe(201);
    const free = Array.from({ length: 30 }, () => uniqueEmail());
    const answers = await Promise.all(
      [...free, contested, taken, contested.toUpperCase(), contested].map(register),
    );
    expect(answers.slice(0, 30)).toEqual(free.map(() => 201));
    const [first, refused, ...others] = answers.slice(30);
    expect(refused).toBe(409);
    expect([first, ...others].sort()).toEqual([201, 409, 409]);
  });
});
