import { checkLog } from '../support/check-log.js';
import { forAll, register, signIn, tally, type Outcome } from '../support/registering.js';
import { killProcesses, startService } from '../support/service-process.js';
import { testDataDir } from '../support/test-data-dir.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const EMAILS = Array.from({ length: 200 }, (_, index) => `josé.niño-${index}@example.org`);

const fullWidth = (text: string): string =>
  text.replace(/[a-z]/g, (letter) => String.fromCodePoint((letter.codePointAt(0) ?? 0) + 0xfee0));

/** One address as four people write it. */
const SPELLINGS: readonly ((email: string) => string)[] = [
  (email) => email,
  (email) => `\t${email.toUpperCase()} `,
  (email) => email.replace(/^[^@]+/, fullWidth),
  (email) => `\u00a0\u3000${email.normalize('NFD').replace('@example', '@Example')}\n`,
];

let database: TestDatabase;
let folder: Awaited<ReturnType<typeof testDataDir>>;

beforeAll(async () => {
  database = await createTestDatabase();
  folder = await testDataDir();
});
afterAll(async () => {
  await killProcesses();
  await folder.remove();
  await database.drop();
});

describe('four processes that register the same addresses at once', () => {
  it('make one family of each address, whoever asks and however it is written', async () => {
    const services = await Promise.all(
      SPELLINGS.map(() => startService({ dataDir: folder.path, mongodbUri: database.uriAs('service') })),
    );

    const answers = await Promise.all(
      services.map(({ url }, process) =>
        forAll(EMAILS, 64, (email) => register(url, SPELLINGS[process]!(email))),
      ),
    );

    const { '503 password-hashing-busy': busy = 0, ...counts } = tally(answers.flat());
    expect(counts).toEqual({
      '201': EMAILS.length,
      '409 email-already-claimed': 3 * EMAILS.length - busy,
    });
    const winners = EMAILS.map((_, index) =>
      answers.flatMap((ofProcess) => ofProcess[index] ?? []).filter(({ status }) => status === 201),
    );
    expect(winners.filter((of) => of.length !== 1)).toEqual([]);

    expect(await checkLog(database.rootClient, database.logName)).toEqual({
      events: EMAILS.length,
      streams: EMAILS.length,
      claims: EMAILS.length,
      sentinel: EMAILS.length,
      problems: [],
    });

    // Any process signs anybody in, by any spelling, into the family of whoever was first.
    const families = await forAll([...EMAILS.keys()], 16, (index) =>
      signIn(services[index % 4]!.url, SPELLINGS[(index + 1) % 4]!(EMAILS[index]!)),
    );
    expect(families.map(familyOf)).toEqual(winners.map(([winner]) => familyOf(winner)));
  }, 120_000);
});

function familyOf(outcome: Outcome | null | undefined): string {
  return outcome?.family ?? '';
}
