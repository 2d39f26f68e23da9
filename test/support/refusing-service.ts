import { PASSWORD, startTestService, uniqueEmail, type Answer, type TestService } from './test-service.js';

/** A service with one family, for calls that are refused. */
export interface RefusingService {
  readonly port: number;
  /** Speaks for the family. */
  readonly token: string;
  readonly call: TestService['call'];
  /** Sends bytes as JSON, whatever they are. */
  post(path: string, bytes: string | Uint8Array, headers?: Record<string, string>): Promise<Answer>;
}

/** Starts one for the tests of a file, of which none may append an event. */
export function refusingService(): RefusingService {
  let service: TestService;
  let token: string;
  let eventsBefore: number;
  beforeAll(async () => {
    service = await startTestService();
    ({ token } = await service.register());
  });
  beforeEach(async () => {
    eventsBefore = await service.countEvents();
  });
  afterEach(async () => {
    expect(await service.countEvents()).toBe(eventsBefore);
  });
  afterAll(() => service.stop());
  return {
    get port() {
      return service.port;
    },
    get token() {
      return token;
    },
    call: (...args) => service.call(...args),
    post: (path, bytes, headers = {}) =>
      service.call('POST', path, { bytes, headers: { 'content-type': 'application/json', ...headers } }),
  };
}

/** A registration that nothing is wrong with. */
export function registrationBody(): Record<string, unknown> {
  return { email: uniqueEmail(), password: PASSWORD, familyName: 'The Testers' };
}
