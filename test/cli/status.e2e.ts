import { cliInstallation, type CliInstallation } from '../support/cli-installation.js';

let installation: CliInstallation;

beforeEach(async () => (installation = await cliInstallation()));
afterEach(() => installation.remove());

describe('database status', () => {
  it('does not take a head that is missing for one at 0', async () => {
    const { service, run } = installation;
    const { database } = service;
    await service.register();
    await database.rootClient.db(database.logName).collection('log_head').deleteMany({});
    expect((await run(['database', 'status', '--json'])).json()).toMatchObject({ head: null, events: 1 });
    expect((await run(['database', 'status'])).out).toContain('1 events, but no head: the log is damaged');
  });
});
