import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { sendRaw } from '../support/raw-http.js';
import { startTestService, type TestService } from '../support/test-service.js';

let service: TestService;
let configured: Record<string, number | null>;

/** Every limit of Node's server that this service sets. */
const LIMITS = [
  'headersTimeout',
  'requestTimeout',
  'keepAliveTimeout',
  'timeout',
  'maxConnections',
  'maxHeadersCount',
  'maxRequestsPerSocket',
] as const;

beforeAll(async () => {
  service = await startTestService();
  configured = Object.fromEntries(LIMITS.map((name) => [name, service.httpServer[name]]));
});
// Seconds are long in a test, and thousands of connections are many: each sets what it is about.
afterEach(() => {
  Object.assign(service.httpServer, configured);
});
afterAll(() => service.stop());

const GET = 'GET /health/live HTTP/1.1\r\nHost: x\r\n';
const POST = 'POST /v1/sessions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';

async function open(): Promise<Socket> {
  const socket = connect(service.port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/** Headers beside the host and `Connection: close`. */
function headers(count: number): string {
  return Array.from({ length: count }, (_, index) => `X-${index}: y\r\n`).join('');
}

describe('the limits of the server', () => {
  it('are those of this service, not the kinder ones of Node', () => {
    expect(configured).toEqual({
      headersTimeout: 10_000,
      requestTimeout: 15_000,
      keepAliveTimeout: 65_000,
      timeout: 120_000,
      maxConnections: 5_000,
      maxHeadersCount: 101,
      maxRequestsPerSocket: 10_000,
    });
  });

  it.each([
    ['nothing at all', ''],
    ['headers that never end', GET],
  ])('cut off %s', async (_what, request) => {
    service.httpServer.headersTimeout = 300;
    const answer = await sendRaw(service.port, request);
    expect(answer.status).toBe(408);
    expect(JSON.parse(answer.body)).toMatchObject({ type: '/problems/request-timeout', status: 408 });
  });

  it('cut off a body that never ends, and log no failure of ours', async () => {
    service.httpServer.requestTimeout = 300;
    service.httpServer.headersTimeout = 200;
    const before = service.logged.length;
    const answer = await sendRaw(service.port, `${POST}Content-Length: 10\r\n\r\n{`);
    expect(answer.status).toBe(408);
    expect(JSON.parse(answer.body)).toMatchObject({ type: '/problems/request-timeout', status: 408 });
    const levels = service.logged.slice(before).map((line) => JSON.parse(line).level);
    expect(levels.filter((level) => level > 30)).toEqual([]);
  });

  it('close a connection that is kept and not used', async () => {
    service.httpServer.keepAliveTimeout = 200;
    const answer = await sendRaw(service.port, `${GET}\r\n`, 5_000);
    expect([answer.status, answer.headers.connection]).toEqual([200, 'keep-alive']);
  });

  it('close a connection that asks for nothing and reads nothing', async () => {
    service.httpServer.timeout = 300;
    const socket = await open();
    await once(socket.resume(), 'close');
  });

  it('take so many connections and no more, and go on when one is closed', async () => {
    const { httpServer } = service;
    httpServer.closeIdleConnections();
    httpServer.maxConnections = 2;
    const [first, second] = [await open(), await open()];
    const third = await open();
    await once(
      third.resume().on('error', () => undefined),
      'close',
    );

    first.destroy();
    await once(first, 'close');
    const answer = await sendRaw(service.port, `${GET}Connection: close\r\n\r\n`);
    expect(answer.status).toBe(200);
    second.destroy();
  });

  it('take 100 headers and refuse more, of which Node would drop some in silence', async () => {
    const send = (count: number) =>
      sendRaw(service.port, `${GET}Connection: close\r\n${headers(count - 2)}\r\n`);
    expect((await send(100)).status).toBe(200);
    for (const count of [101, 102, 500]) {
      const answer = await send(count);
      expect([answer.status, JSON.parse(answer.body).type]).toEqual([431, '/problems/header-too-large']);
      expect(answer.headers).toMatchObject({ 'cache-control': 'no-store', connection: 'close' });
    }
  });

  it('take headers of 16 KiB and no more', async () => {
    const send = (bytes: number) =>
      sendRaw(service.port, `${GET}Connection: close\r\nX-Large: ${'x'.repeat(bytes)}\r\n\r\n`);
    expect((await send(15 * 1024)).status).toBe(200);
    expect((await send(16 * 1024)).status).toBe(431);
  });

  it('end a connection with the last of so many requests', async () => {
    Object.assign(service.httpServer, { maxRequestsPerSocket: 1, keepAliveTimeout: 200 });
    const answer = await sendRaw(service.port, `${GET}\r\n`, 5_000);
    expect([answer.status, answer.headers.connection]).toEqual([200, 'close']);
  });
});
