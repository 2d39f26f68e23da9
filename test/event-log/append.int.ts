import { randomUUID } from 'node:crypto';
import { AppendTooLarge, ClaimTaken, RecordExists, VersionConflict } from '../../src/event-log/errors.js';
import type { ClaimChange } from '../../src/event-log/event.js';
import { checkLog } from '../support/check-log.js';
import {
  change,
  createTestLog,
  newEmail,
  registration,
  renamed,
  rootLog,
  type TestLog,
} from '../support/test-log.js';

describe('append', () => {
  let test: TestLog;

  beforeEach(async () => {
    test = await createTestLog();
  });

  afterEach(async () => {
    const { problems } = await checkLog(test.database.rootClient, test.database.logName);
    await test.close();
    expect(problems).toEqual([]);
  });

  it('gives 64 callers at once positions and versions without a hole', async () => {
    const appended = await Promise.all(
      Array.from({ length: 64 }, async () => {
        const request = registration(newEmail());
        const first = await test.log.append(request);
        const second = await test.log.append(change(request.stream, 1, [renamed(), renamed()]));
        expect([first.version, second.version]).toEqual([1, 3]);
        return [first.position, second.position - 1, second.position];
      }),
    );
    expect(appended.flat().sort((a, b) => a - b)).toEqual(
      Array.from({ length: 192 }, (_, index) => index + 1),
    );
    expect((await test.log.head()).position).toBe(192);
  });

  it('never lets time go back, whatever the clocks of the commands say', async () => {
    const first = await test.log.append(registration(newEmail(), { now: new Date('2030-01-01T00:00:00Z') }));
    const second = await test.log.append(registration(newEmail(), { now: new Date('2020-01-01T00:00:00Z') }));
    expect(second.at).toEqual(first.at);
  });

  it('reads a stream back as it was appended', async () => {
    const request = registration(newEmail());
    await test.log.append(request);
    const [event] = await test.log.readStream(request.stream);
    const [sent] = request.events;
    expect(event).toMatchObject({ position: 1, version: 1, type: 'FamilyRegistered', meta: request.meta });
    expect(event?.data).toEqual(sent?.data);
    expect(event?.sealed?.equals(sent?.sealed ?? Buffer.alloc(0))).toBe(true);
  });

  it('refuses an expected version that is too old, alone: its neighbours go through', async () => {
    const request = registration(newEmail());
    await test.log.append(request);
    await test.log.append(change(request.stream, 1));
    const outcomes = await Promise.allSettled([
      test.log.append(registration(newEmail())),
      test.log.append(change(request.stream, 1)),
      test.log.append(registration(newEmail())),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(outcomes[1]).toMatchObject({ reason: new VersionConflict(request.stream, 1, 2) });
  });

  it('refuses an expected version that is not reached yet: a stream has no hole', async () => {
    const request = registration(newEmail());
    await test.log.append(request);
    await expect(test.log.append(change(request.stream, 2))).rejects.toThrow(VersionConflict);
    await expect(test.log.append(change(`family-${randomUUID()}`, 1))).rejects.toThrow(VersionConflict);
  });

  it('lets one of many win who decided on the same version', async () => {
    const request = registration(newEmail());
    await test.log.append(request);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, () => test.log.append(change(request.stream, 1))),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('refuses a claimed value, alone, and stores nothing of that append', async () => {
    const email = newEmail();
    const holder = registration(email);
    await test.log.append(holder);
    const late = registration(email);
    const outcomes = await Promise.allSettled([
      test.log.append(registration(newEmail())),
      test.log.append(late),
    ]);
    expect(outcomes[0].status).toBe('fulfilled');
    expect(outcomes[1]).toMatchObject({ reason: expect.any(ClaimTaken) });
    expect(await test.log.readStream(late.stream)).toEqual([]);
    expect(await test.log.findClaim(email)).toMatchObject({ position: 1 });
  });

  it('lets one of many win who claim the same value at the same moment', async () => {
    const email = newEmail();
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, () => test.log.append(registration(email))),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('refuses a document alongside that exists already, before it looks at anything else', async () => {
    const record = {
      collection: 'idempotency_keys',
      document: { _id: 'key-1', expiresAt: new Date(4e12) },
    } as const;
    const request = registration(newEmail());
    await test.log.append({ ...request, alongside: [...(request.alongside ?? []), record] });
    await expect(test.log.append({ ...change(request.stream, 0), alongside: [record] })).rejects.toThrow(
      RecordExists,
    );
    // Its record answers for an event that is there; the check at the end would find one that is not.
    await rootLog(test).collection('idempotency_keys').deleteMany({});
  });

  it('refuses, before anything is sent, more than one transaction can carry', async () => {
    const events = Array.from({ length: 1_001 }, renamed);
    await expect(test.log.append(change('family-x', 0, events))).rejects.toThrow(AppendTooLarge);
    const huge = { ...renamed(), sealed: Buffer.alloc(5_000_000) };
    await expect(test.log.append(change('family-x', 0, [huge]))).rejects.toThrow(AppendTooLarge);
  });

  it('carries more than one transaction holds in several', async () => {
    const appends = Array.from({ length: 30 }, () => {
      const request = registration(newEmail());
      return { ...request, events: [...request.events, { ...renamed(), sealed: Buffer.alloc(400_000) }] };
    });
    await Promise.all(appends.map((request) => test.log.append(request)));
    expect((await test.log.head()).position).toBe(60);
  });

  it('lets what MongoDB refuses hurt nobody else in its batch', async () => {
    const bad = change('family-bad', 0, [{ ...renamed(), type: 7 as unknown as string }]);
    const outcomes = await Promise.allSettled([
      test.log.append(registration(newEmail())),
      test.log.append(bad),
      test.log.append(registration(newEmail())),
    ]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('leaves undefined fields out, in what is hashed and in what is stored', async () => {
    const request = registration(newEmail());
    await test.log.append(request);
    await test.log.append(change(request.stream, 1, [{ ...renamed(), data: { a: undefined, b: 1 } }]));
    expect((await test.log.readStream(request.stream)).at(-1)?.data).toEqual({ b: 1 });
  });
});

describe('releasing a claim', () => {
  let test: TestLog;
  const email = newEmail();

  beforeEach(async () => {
    test = await createTestLog();
  });

  afterEach(() => test.close());

  async function claimed(): Promise<{ stream: string; holder: ClaimChange['holder'] }> {
    const request = registration(email);
    await test.log.append(request);
    const holder = request.events[0]?.claims?.[0]?.holder;
    if (holder === undefined) throw new Error('A registration makes a claim');
    return { stream: request.stream, holder };
  }

  const releasing = (holder: ClaimChange['holder'], ...rest: ClaimChange[]): ReturnType<typeof renamed> => ({
    ...renamed(),
    claims: [{ kind: 'release', value: email, holder }, ...rest],
  });

  it('makes the value free for the next one, and moves the sentinel', async () => {
    const { stream, holder } = await claimed();
    await test.log.append(change(stream, 1, [releasing(holder)]));
    expect(await test.log.findClaim(email)).toBeNull();
    await test.log.append(registration(email));
    const sentinel = await test.collections.claims.findOne({ _id: '#claims' });
    expect(Number(sentinel?.count)).toBe(1);
  });

  it('can change one value for another in one append', async () => {
    const { stream, holder } = await claimed();
    const next = newEmail();
    await test.log.append(change(stream, 1, [releasing(holder, { kind: 'make', value: next, holder })]));
    expect(await test.log.findClaim(email)).toBeNull();
    expect(await test.log.findClaim(next)).toMatchObject({ family: holder.family, position: 2 });
  });

  it('takes nothing from another family', async () => {
    await claimed();
    const other = registration(newEmail());
    await test.log.append(other);
    const thief = { family: other.stream.slice('family-'.length), member: randomUUID() };
    await expect(test.log.append(change(other.stream, 1, [releasing(thief)]))).rejects.toThrow(ClaimTaken);
    expect(await test.log.findClaim(email)).not.toBeNull();
  });
});
