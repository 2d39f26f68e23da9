import { canonicalForm } from '../../../src/families/claims/canonical-form.js';
import { setTimeout as sleep } from 'node:timers/promises';
import { verifyDatabase } from '../../../src/database/verify.js';
import { ClaimsMissing } from '../../../src/event-log/errors.js';
import { closeClaims } from '../../../src/families/claims/claims-door.js';
import {
  ClaimsLease,
  ClaimsLeaseTaken,
  ClaimsRebuildDisturbed,
} from '../../../src/families/claims/claims-lease.js';
import { rebuildClaims, type RebuildOptions } from '../../../src/families/claims/rebuild-claims.js';
import { verifyClaims } from '../../../src/families/claims/verify-claims.js';
import { addresses, createTestFamilies, type TestFamilies } from '../../support/test-families.js';
import { change, rootLog } from '../../support/test-log.js';

let test: TestFamilies;

beforeEach(async () => {
  test = await createTestFamilies();
});
afterEach(() => test.close());

const rebuild = (options?: RebuildOptions) => rebuildClaims(test.collections, test.openKeys(), options);
const sentinel = () => test.claims().findOne({ _id: '#claims' });

describe('the lease of a rebuild', () => {
  it('is kept by reading alone, however long that takes', async () => {
    // Three pages, read once for each of two shares.
    await test.registerAll(addresses(40));
    const { stream } = await test.collections.events.findOne().then((event) => event!);
    for (let version = 1; version < 2_400; version += 800) {
      const renamed = { type: 'FamilyLocaleChanged', schema: 1, data: { locale: 'de' } };
      await test.log.append(
        change(
          stream,
          version,
          Array.from({ length: 800 }, () => renamed),
        ),
      );
    }
    await test.claims().deleteMany({});

    const others: unknown[] = [];
    let pages = 0;
    const done = await rebuild({
      leaseMs: 900,
      claimsPerShare: 700,
      onProgress: async () => {
        pages += 1;
        await sleep(400);
        if (await test.claims().findOne({ _id: '#rebuild' })) {
          others.push(await ClaimsLease.take(test.collections).catch((error: unknown) => error));
        }
      },
    });
    expect(done).toMatchObject({ claims: 40, restored: 40, open: true });
    expect({ pages, whileHeld: others.length }).toEqual({ pages: 6, whileHeld: 3 });
    expect(others.filter((other) => !(other instanceof ClaimsLeaseTaken))).toEqual([]);
  });

  it('is told as taken by another process only where it is', async () => {
    const lease = await ClaimsLease.take(test.collections);
    await expect(rebuild()).rejects.toThrow(ClaimsLeaseTaken);
    await lease.end();
    const both = await Promise.allSettled([
      ClaimsLease.take(test.collections),
      ClaimsLease.take(test.collections),
    ]);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await test.claims().deleteOne({ _id: '#rebuild' });
    // Anything else that keeps it from being stored is told as what it is.
    const validator = { _id: { $ne: '#rebuild' } };
    await rootLog(test).command({ collMod: 'email_claims', validator });
    await expect(ClaimsLease.take(test.collections)).rejects.toMatchObject({ code: 121 });
  });

  it('is not held by a rebuild that failed', async () => {
    await test.register('a@example.org');
    const failing = rebuild({
      onProgress: async () => {
        await test.claims().deleteMany({ _id: { $ne: 'a@example.org' } });
        if (await test.claims().findOne({ _id: '#rebuild' })) throw new Error('Unplugged');
      },
      claimsPerShare: 1,
    });
    await expect(failing).rejects.toThrow();
    expect(await rebuild()).toMatchObject({ claims: 1, open: true });
  });
});

describe('a rebuild that died', () => {
  it('leaves the claims closed, which a start warns of, until the next has finished', async () => {
    await test.registerAll(addresses(3));
    await test.claims().deleteMany({});
    const died = await ClaimsLease.take(test.collections, 1);
    await died.write((session) => closeClaims(test.collections, session));
    const { closedSince } = (await sentinel())!;

    const client = await test.database.clientAs('service');
    const start = () =>
      verifyDatabase(client, test.database.name, { allowWritableLog: false, canonicalForm, projections: [] });
    expect((await start()).warnings).toMatchObject([{ code: 'claims-closed' }]);
    await expect(test.register('new@example.org')).rejects.toThrow(ClaimsMissing);
    expect(await test.log.findClaim('new@example.org')).toBe('unknown');
    expect(await verifyClaims(test.collections, test.openKeys())).toMatchObject({ ok: false, closedSince });

    expect(await rebuild()).toMatchObject({ restored: 3, open: true });
    expect(await sentinel()).toEqual({ _id: '#claims', count: 3 });
    expect((await start()).warnings).toEqual([]);
    await test.register('new@example.org');
  });
});

describe('a rebuild that is not left alone', () => {
  beforeEach(() => test.registerAll(addresses(3)));

  it('opens nothing where the claims are wiped meanwhile', async () => {
    let wiped = false;
    const disturbed = rebuild({
      claimsPerShare: 1,
      onProgress: async () => {
        if (wiped || !(await test.claims().findOne({ _id: '#rebuild' }))) return;
        wiped = true;
        await test.claims().deleteMany({});
      },
    });
    await expect(disturbed).rejects.toThrow(ClaimsRebuildDisturbed);
    expect(wiped).toBe(true);
    expect(await sentinel()).toBeNull();
    expect(await rebuild()).toMatchObject({ claims: 3, open: true });
  });

  it('opens nothing where a claim that was right is removed meanwhile', async () => {
    let removed = 0;
    const disturbed = rebuild({
      claimsPerShare: 1,
      onProgress: async () => {
        if (!(await test.claims().findOne({ _id: '#rebuild' }))) return;
        removed += (await test.claims().deleteOne({ position: { $exists: true } })).deletedCount;
      },
    });
    await expect(disturbed).rejects.toThrow(/there should be 3 now, and there are [012]/);
    expect(removed).toBeGreaterThan(0);
    expect(await sentinel()).toMatchObject({ closedSince: expect.any(Date) });
    expect(await test.log.findClaim('free@example.org')).toBe('unknown');
    expect(await rebuild()).toMatchObject({ claims: 3, open: true });
    expect(await test.log.findClaim('free@example.org')).toBeNull();
  });
});
