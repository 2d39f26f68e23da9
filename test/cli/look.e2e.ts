import { withMongoClient } from '../support/with-mongo-client.js';
import { cliInstallation, type CliInstallation } from '../support/cli-installation.js';
import type { RegisteredFamily } from '../support/test-service.js';

let installation: CliInstallation;
let family: RegisteredFamily;
let run: CliInstallation['run'];

beforeAll(async () => {
  installation = await cliInstallation();
  ({ run } = installation);
  const { service } = installation;
  family = await service.register({ familyName: 'The Unmistakables' });
  const { token } = family;
  await service.call('POST', '/v1/family/members', { token, body: { role: 'child', nickname: 'Nina' } });
  await service.call('POST', '/v1/family/password', {
    token,
    body: { current: family.password, new: 'a new password' },
  });
});
afterAll(() => installation.remove());

describe('families show', () => {
  it('shows a family by its id, and by its address in any spelling', async () => {
    const results = await Promise.all([
      run(['families', 'show', family.id]),
      run(['families', 'show', family.email]),
      run(['families', 'show', ` ${family.email.toUpperCase()} `]),
    ]);
    for (const { code, out, err } of results) {
      expect({ code, err }).toEqual({ code: 0, err: '' });
      for (const part of ['The Unmistakables (open)', family.id, family.email, 'Nina', family.owner]) {
        expect(out).toContain(part);
      }
      expect(out).not.toContain('$argon2');
    }
  });

  it('prints JSON, without anything to sign in with', async () => {
    const { out, json } = await run(['families', 'show', family.email, '--json']);
    expect(json()).toMatchObject({
      id: family.id,
      name: 'The Unmistakables',
      status: 'open',
      version: 3,
      position: 3,
      members: [
        { id: family.owner, role: 'owner' },
        { role: 'child', nickname: 'Nina' },
      ],
    });
    expect(out).not.toMatch(/argon2|credential|password/i);
  });

  it.each([
    ['an id nobody has', '0190a1b2-0000-7000-8000-000000000000', 1],
    ['an address nobody has', 'nobody@example.org', 1],
    ['something that is no id', 'nonsense', 1],
    ['something that is no address', 'no address@', 2],
  ])('with %s ends with a sentence and the exit code', async (_what, wanted, code) => {
    const result = await run(['families', 'show', wanted]);
    expect(result.code).toBe(code);
    expect(result.out).toBe('');
    expect(result.err).toMatch(/\w/);
    expect(result.err).not.toMatch(/^\s+at /m);
  });
});

describe('events', () => {
  it('tail shows the last ones without anything personal', async () => {
    const { code, out } = await run(['events', 'tail']);
    expect(code).toBe(0);
    expect(out.trim().split('\n')).toHaveLength(3);
    expect(out).toContain(`family-${family.id}/1`);
    for (const personal of ['Unmistakable', family.email, 'Nina', '$argon2'])
      expect(out).not.toContain(personal);
  });

  it('tail shows as many as are asked for, one JSON value a line', async () => {
    const { out } = await run(['events', 'tail', '-n', '2', '--json']);
    const events = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events).toMatchObject([
      { position: 2, type: 'MemberAdded', stream: `family-${family.id}`, version: 2 },
      { position: 3, type: 'MemberPasswordChanged', meta: { actor: `member:${family.owner}` } },
    ]);
    expect(events[0].hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('tail opens personal data where it is asked to, and never a password’s hash', async () => {
    for (const more of [[], ['--json']]) {
      const { out } = await run(['events', 'tail', '--personal', ...more]);
      for (const personal of ['Unmistakable', family.email, 'Nina']) expect(out).toContain(personal);
      expect(out).not.toContain('$argon2');
    }
  });

  it('show tells everything of one event, and no personal data unless it is asked to', async () => {
    const closed = (await run(['events', 'show', '1', '--json'])).json();
    expect(closed).toMatchObject({
      position: 1,
      type: 'FamilyRegistered',
      data: { ownerId: family.owner, locale: 'en' },
      sealed: expect.stringMatching(/^\d+ bytes$/),
    });
    expect(JSON.stringify(closed)).not.toMatch(/Unmistakable|example\.org/);
    const open = (await run(['events', 'show', '1', '--personal'])).json();
    expect(open.personal).toEqual({
      email: family.email,
      emailAsTyped: family.email,
      familyName: 'The Unmistakables',
      passwordHash: '(not shown)',
    });
  });

  it.each([
    [['events', 'show', '99'], 1],
    [['events', 'show', '0'], 1],
    [['events', 'show', 'first'], 2],
    [['events', 'show', '-1'], 2],
    [['events', 'show'], 2],
    [['events', 'tail', '-n', 'many'], 2],
  ])('%j ends with exit code %s', async (args, code) => {
    const result = await run(args);
    expect([result.code, result.out]).toEqual([code, '']);
    expect(result.err).not.toMatch(/^\s+at /m);
  });
});

describe('database url', () => {
  it.each(['service', 'reader', 'auditor', 'shredder'])(
    'as %s is one line that connects and names the database in its path',
    async (user) => {
      const { code, out, err } = await run(['database', 'url', '--as', user]);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toMatch(/^mongodb:\/\/\S+\n$/);
      expect(new URL(out).pathname).toBe(`/${installation.service.database.name}`);
      const signedIn = await withMongoClient(out.trim(), async (client) => {
        const { authInfo } = await client.db().command({ connectionStatus: 1 });
        return authInfo.authenticatedUsers[0].user;
      });
      expect(signedIn).toBe(user);
    },
  );

  it('does not know the administrator of a server that is not its own', async () => {
    const { code, out, err } = await run(['database', 'url', '--as', 'root']);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('The administrator of your own MongoDB is not known here.');
  });

  it('is the reader’s where nobody is named, and is JSON where it is asked to be', async () => {
    const { json } = await run(['database', 'url', '--json']);
    expect(json()).toEqual({ url: expect.stringContaining('mongodb://reader:'), as: 'reader' });
  });

  it('is refused for a user there is not', async () => {
    const { code, err } = await run(['database', 'url', '--as', 'admin']);
    expect(code).toBe(2);
    expect(err).toContain('service');
  });
});

describe('database status', () => {
  it('shows server, log and claims', async () => {
    const { code, out } = await run(['database', 'status']);
    expect(code).toBe(0);
    expect(out).toContain('3 events, head at 3');
    const { json } = await run(['database', 'status', '--json']);
    expect(json()).toMatchObject({
      name: installation.service.database.name,
      embedded: false,
      head: 3,
      events: 3,
      claims: 1,
      sentinel: 1,
    });
  });
});
