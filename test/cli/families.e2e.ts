import { setTimeout as sleep } from 'node:timers/promises';
import { cliInstallation, type CliInstallation } from '../support/cli-installation.js';
import { untilAllFollow } from '../support/followed-projections.js';
import type { RegisteredFamily } from '../support/test-service.js';

let installation: CliInstallation;
let run: CliInstallation['run'];
let garcias: RegisteredFamily;
let millers: RegisteredFamily;
let betweenThem: string;

beforeAll(async () => {
  installation = await cliInstallation();
  ({ run } = installation);
  const { service } = installation;
  millers = await service.register({ familyName: 'Miller (a+b)' });
  await sleep(20);
  betweenThem = new Date().toISOString();
  garcias = await service.register({ familyName: 'The Garcías' });
  const { token } = garcias;
  const change = (method: string, path: string, body: unknown) => service.call(method, path, { token, body });
  await change('POST', '/v1/family/members', { role: 'child', nickname: 'Nina' });
  await change('PATCH', '/v1/family', { name: 'García & García' });
  await change('POST', '/v1/family/close', { reason: 'Moving abroad' });
  await untilAllFollow(service.database);
});
afterAll(() => installation.remove());

async function listed(...args: string[]): Promise<string[]> {
  const { code, json } = await run(['families', 'list', ...args, '--json']);
  expect(code).toBe(0);
  return json().families.map(({ id }: { id: string }) => id);
}

describe('families list', () => {
  it('lists families, the last registered first', async () => {
    const { code, out, err } = await run(['families', 'list']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const lines = out.trim().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/closed {2}García & García/);
    expect(lines[0]).toContain(garcias.email);
    expect(lines[1]).toMatch(/open {4}Miller/);
  });

  it('prints JSON, and whether it can be relied on', async () => {
    const { json } = await run(['families', 'list', '--json', '--name', 'miller']);
    expect(json()).toEqual({
      families: [
        {
          id: millers.id,
          email: millers.email,
          name: 'Miller (a+b)',
          status: 'open',
          locale: 'en',
          members: 1,
          registeredAt: expect.any(String),
          closedAt: null,
        },
      ],
      more: false,
      complete: true,
    });
  });

  it('finds by address in any spelling, by a part of the name, by status and by date', async () => {
    expect(await listed('--email', ` ${garcias.email.toUpperCase()}`)).toEqual([garcias.id]);
    expect(await listed('--email', 'nobody@example.org')).toEqual([]);
    expect(await listed('--name', 'GARCIA & g')).toEqual([garcias.id]);
    expect(await listed('--name', '(a+')).toEqual([millers.id]);
    expect(await listed('--name', '.*')).toEqual([]);
    expect(await listed('--status', 'open')).toEqual([millers.id]);
    expect(await listed('--since', betweenThem)).toEqual([garcias.id]);
    expect(await listed('--since', '2001-01-01', '--status', 'closed', '--name', 'garc')).toEqual([
      garcias.id,
    ]);
    expect(await listed('--name', '', '--email', '')).toHaveLength(2);
  });

  it('is bounded, and tells that there are more', async () => {
    const { out } = await run(['families', 'list', '--limit', '1']);
    expect(out).toContain(garcias.id);
    expect(out).not.toContain(millers.id);
    expect(out).toContain('There are more than 1');
    expect((await run(['families', 'list', '--limit', '2', '--json'])).json().more).toBe(false);
  });

  it.each([
    ['--status', 'lost'],
    ['--since', 'yesterday'],
    ['--since', '2026-11-25T10:30'],
    ['--since', '2026-13-45'],
    ['--limit', '0'],
    ['--limit', 'many'],
    ['--email', 'no address@'],
  ])('with %s %s is called wrongly', async (option, value) => {
    const { code, out } = await run(['families', 'list', option, value]);
    expect([code, out]).toEqual([2, '']);
  });
});

describe('families history', () => {
  it('tells every event in words', async () => {
    const { code, out, err } = await run(['families', 'history', garcias.email]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out.trim().split('\n')).toEqual([
      expect.stringMatching(/^ *1 .* The family "The Garcías" was registered {2}\(by /),
      expect.stringMatching(/^ *2 .* Nina joined the family as a child {2}\(by The owner\)$/),
      expect.stringMatching(/^ *3 .* The family is now called "García & García" {2}\(by The owner\)$/),
      expect.stringMatching(/^ *4 .* The family was closed: Moving abroad {2}\(by The owner\)$/),
    ]);
  });

  it('prints JSON with positions and actors', async () => {
    const { json } = await run(['families', 'history', garcias.id, '--json']);
    expect(json()).toMatchObject({
      id: garcias.id,
      history: [
        { version: 1, position: 2, kind: 'family-registered' },
        { version: 2, position: 3, by: garcias.owner, actor: `member:${garcias.owner}` },
        { version: 3, position: 4, kind: 'family-renamed' },
        { version: 4, position: 5, text: 'The family was closed: Moving abroad' },
      ],
    });
  });

  it('ends with 1 for a family there is not', async () => {
    const { code, out, err } = await run(['families', 'history', 'nonsense']);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('There is no family "nonsense"');
  });
});

describe('families show --as-of', () => {
  const show = (asOf: string) => run(['families', 'show', garcias.id, '--as-of', asOf, '--json']);

  it('shows a family as it was at a position', async () => {
    expect((await show('2')).json()).toMatchObject({ name: 'The Garcías', version: 1, asOf: '2' });
    expect((await show('3')).json()).toMatchObject({ members: [{}, { nickname: 'Nina' }], version: 2 });
    expect((await show('4')).json()).toMatchObject({ name: 'García & García', status: 'open', position: 4 });
    expect((await show('5')).json()).toMatchObject({ status: 'closed', version: 4 });
  });

  it('shows a family as it was at a time', async () => {
    const { json } = await run(['families', 'history', garcias.id, '--json']);
    const { at } = json().history[2];
    expect((await show(at)).json()).toMatchObject({ name: 'García & García', status: 'open' });
    const words = await run(['families', 'show', garcias.email, '--as-of', '2999-01-01']);
    expect(words.out).toContain('García & García (closed), as of 2999-01-01');
  });

  it.each([['1'], ['2001-01-01'], ['2001-01-01T00:00:00+02:00']])(
    'says that it was not there yet: %s',
    async (asOf) => {
      const { code, out, err } = await show(asOf);
      expect([code, out]).toEqual([1, '']);
      expect(err).toContain('was not there yet: it was registered at');
    },
  );

  it('does not look past the end of the log, nor take what is no moment', async () => {
    expect(await show('6')).toMatchObject({
      code: 1,
      err: expect.stringContaining('The log ends at position 5'),
    });
    expect(await show('soon')).toMatchObject({ code: 2, out: '' });
    const nobody = '0190a1b2-0000-7000-8000-000000000000';
    expect(await run(['families', 'show', nobody, '--as-of', '1'])).toMatchObject({ code: 1, out: '' });
  });
});
