import { expectProblem } from '../support/expect-problem.js';
import { untilBuilt } from '../support/followed-projections.js';
import { startTestService, type RegisteredFamily, type TestService } from '../support/test-service.js';

let service: TestService;
let family: RegisteredFamily;

beforeAll(async () => {
  service = await startTestService();
  await untilBuilt(service.database);
  family = await service.register();
});
afterAll(() => service.stop());

function get(path: string, atLeast: string) {
  return service.call('GET', `${path}?atLeast=${atLeast}`, { token: family.token });
}

const READS = [
  ['/v1/family'],
  ['/v1/family/members'],
  ['/v1/family/members/{owner}'],
  ['/v1/family/history'],
] as const;
const READS_AND_NONSENSE = READS.flatMap(([path]) =>
  ['', '-1', '1.0', '1e3', 'x', '%00', '1,2', '9007199254740992', '1&atLeast=1'].map(
    (value) => [path, value] as const,
  ),
);

describe('a read that asks for a position', () => {
  it.each(READS)('is answered by %s with what was written before', async (path) => {
    const at = path.replace('{owner}', family.owner);
    for (let turn = 0; turn < 5; turn += 1) {
      const change =
        turn % 2 === 0
          ? await service.call('PATCH', '/v1/family', {
              token: family.token,
              body: { name: `${at} ${turn}` },
            })
          : await service.call('PATCH', `/v1/family/members/${family.owner}`, {
              token: family.token,
              body: { nickname: `Mum ${at.length} ${turn}` },
            });
      const position = change.headers.get('position') ?? '';
      const read = await get(at, position);
      expect([read.status, read.headers.get('position')]).toEqual([200, position]);
    }
  });

  it.each(READS)('is refused by %s where the log has not reached it', async (path) => {
    const beyond = (await service.countEvents()) + 1;
    const refused = await get(path.replace('{owner}', family.owner), String(beyond));
    expectProblem(refused, 400, 'position-unknown');
    expect(refused.body.detail).toContain(`position ${beyond - 1}`);
  });

  it.each(READS_AND_NONSENSE)('is refused by %s where that is nonsense: "%s"', async (path, value) => {
    const refused = await get(path.replace('{owner}', family.owner), value);
    expectProblem(refused, 400, 'invalid-request');
    expect(refused.body.errors[0].field).toBe('atLeast');
  });

  it('takes any position that was reached, the beginning included', async () => {
    for (const [path] of READS) {
      expect((await get(path.replace('{owner}', family.owner), '0')).status).toBe(200);
      expect((await get(path.replace('{owner}', family.owner), '1')).status).toBe(200);
    }
  });
});
