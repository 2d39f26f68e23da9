import { setTimeout as sleep } from 'node:timers/promises';
import { untilBuilt } from '../support/followed-projections.js';
import { breakOff, sendRaw } from '../support/raw-http.js';
import { startTestService, type TestService } from '../support/test-service.js';

let service: TestService;

beforeAll(async () => {
  service = await startTestService();
  // What it logs and tells of itself is looked at.
  await untilBuilt(service.database);
});
afterAll(() => service.stop());

const JSON_HEADERS = 'Host: x\r\nContent-Type: application/json\r\n';

describe('what is not HTTP', () => {
  it.each([
    ['nonsense', 'nonsense\r\n\r\n', 400, 'invalid-request'],
    ['bytes of a TLS hello', Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]), 400, 'invalid-request'],
    ['an unknown method', 'BREW /v1/family HTTP/1.1\r\nHost: x\r\n\r\n', 400, 'invalid-request'],
    ['another version', 'GET / HTTP/9.9\r\nHost: x\r\n\r\n', 400, 'invalid-request'],
    ['a header without a name', 'GET / HTTP/1.1\r\nHost: x\r\n: y\r\n\r\n', 400, 'invalid-request'],
    [
      'a length and chunks at once',
      `POST /v1/families HTTP/1.1\r\n${JSON_HEADERS}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}`,
      400,
      'invalid-request',
    ],
    [
      'two lengths',
      `POST /v1/families HTTP/1.1\r\n${JSON_HEADERS}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`,
      400,
      'invalid-request',
    ],
    [
      'a length that is no number',
      `POST /v1/families HTTP/1.1\r\n${JSON_HEADERS}Content-Length: -1\r\n\r\n`,
      400,
      'invalid-request',
    ],
    [
      'headers of 17 KiB',
      `GET /health/live HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(17 * 1024)}\r\n\r\n`,
      431,
      'header-too-large',
    ],
  ])(
    'such as %s is answered as a problem, and the connection closed',
    async (_what, request, status, code) => {
      const answer = await sendRaw(service.port, request);
      expect(answer.status).toBe(status);
      expect(answer.headers).toMatchObject({
        connection: 'close',
        'content-type': 'application/problem+json',
      });
      expect(JSON.parse(answer.body)).toMatchObject({ type: `/problems/${code}`, status });
      expect(await service.countEvents()).toBe(0);
    },
  );

  it('such as a request without a host is answered as a problem', async () => {
    const answer = await sendRaw(service.port, 'GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n');
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toBe('application/problem+json');
  });

  it('does not keep the service from answering the next request', async () => {
    expect((await service.call('GET', '/health/ready')).body).toEqual({ status: 'ready', alarms: [] });
  });
});

describe('an upload that breaks off', () => {
  it('is the fault of the client, and alarms nobody', async () => {
    const before = service.logged.length;
    await breakOff(
      service.port,
      `POST /v1/families HTTP/1.1\r\n${JSON_HEADERS}Content-Length: 100\r\n\r\n{"email":`,
    );
    await sleep(500);
    const lines = service.logged.slice(before).map((line) => JSON.parse(line));
    expect(lines).toMatchObject([{ msg: 'request broken off', level: 30, route: '/v1/families' }]);
  });
});
