import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import type { mongo } from 'mongoose';
import type { Configuration } from '../config/configuration.js';
import { loadSecrets, secretPath } from '../config/secrets.js';
import { UserFacingError } from '../config/user-facing-error.js';
import { connectDatabase } from '../database/connect.js';
import { logDatabaseOf } from '../database/database-names.js';
import { verifyInstallation } from '../database/installation.js';
import type { OpenDatabase } from '../database/open-database.js';
import { inspectDatabase } from '../database/verify.js';
import { LogCollections } from '../event-log/log-collections.js';
import { canonicalForm } from '../families/claims/canonical-form.js';
import { countClaims } from '../families/claims/verify-claims.js';
import { readModelNames } from '../families/read-models/index.js';
import { toCheck, type Check } from './check.js';
import { examineProjections } from './examine-projections.js';
import { examineReadingUser } from './examine-reading-user.js';
import { mendable } from './mendable.js';
import type { Terminal } from './terminal.js';

/** Room on the disk below which `doctor` warns, in bytes (1 GB). */
const LOW_DISK_BYTES = 1_000_000_000;

/** Findings with which the log can be read all the same. */
const READABLE_ALL_THE_SAME = [
  'collection-missing',
  'index-missing',
  'validator-missing',
  'claims-count-wrong',
];

/** Looks at everything in order; what cannot be looked at because of an earlier problem is left out. */
export async function examine(terminal: Terminal, json?: boolean): Promise<Check[]> {
  const checks: Check[] = [];
  await addTo(checks, async () => {
    const configuration = terminal.configuration();
    checks.push({ state: 'ok', what: `Configuration is valid (data in ${configuration.dataDir})` });
    await terminal.withDatabase(json, async (database) => {
      await addTo(checks, () => examineDisk(configuration));
      const client = await connectDatabase(await database.urlAs('service'));
      try {
        await addTo(checks, () => examineDatabase(client, database, configuration));
        await addTo(checks, () => examineSecrets(client, database, configuration));
      } finally {
        await client.close();
      }
      for (const user of ['reader', 'auditor'] as const) {
        await addTo(checks, () => examineReadingUser(user, database, configuration));
      }
    });
    return [];
  });
  return checks;
}

/** What is looked at here may fail in any way: it is one more finding, and the ones before it stay. */
async function addTo(checks: Check[], look: () => Promise<Check[]>): Promise<void> {
  try {
    checks.push(...(await look()));
  } catch (error) {
    checks.push(problemOf(error));
  }
}

async function examineDisk({ dataDir }: Configuration): Promise<Check[]> {
  // With a server of one's own and the secrets in the environment there may be no folder.
  if (!existsSync(dataDir)) return [];
  const { bavail, bsize } = await statfs(dataDir);
  const free = bavail * bsize;
  const what = `${Math.floor(free / 1_000_000)} MB are free on the disk of the data folder`;
  if (free >= LOW_DISK_BYTES) return [{ state: 'ok', what }];
  const remedy = 'make room: a full disk stops the database (nothing acknowledged is lost)';
  return [{ state: 'warning', what, remedy }];
}

async function examineDatabase(
  client: mongo.MongoClient,
  { name, embedded }: OpenDatabase,
  { allowWritableLog }: Configuration,
): Promise<Check[]> {
  const { findings, warnings, hints } = await inspectDatabase(client, name, {
    allowWritableLog,
    canonicalForm,
    projections: readModelNames,
  });
  const where = embedded === null ? 'The MongoDB of MONGODB_URI' : `The embedded MongoDB ${embedded.version}`;
  const notInOrder: Check[] = [
    ...findings.map((finding) => toCheck('problem', finding)),
    ...[...warnings, ...hints].map((finding) => toCheck('warning', finding)),
  ];
  const isInTheWay = findings.some(({ code }) => !READABLE_ALL_THE_SAME.includes(code));
  const projections = isInTheWay ? [] : await examineProjections(client, name);
  if (findings.length > 0) return [...notInOrder, ...projections];
  const inOrder = [`${where} answers; collections, indexes and rights are as they must be`];
  if (!allowWritableLog) inOrder.push('The service can neither change nor delete events');
  const { sentinel, closedSince, stored } = await countClaims(
    new LogCollections(client, logDatabaseOf(name)),
  );
  if (closedSince === null && sentinel === stored)
    inOrder.push(`Claims: ${stored}, as many as there should be`);
  return [...inOrder.map((what): Check => ({ state: 'ok', what })), ...projections, ...notInOrder];
}

async function examineSecrets(
  client: mongo.MongoClient,
  { name }: OpenDatabase,
  configuration: Configuration,
): Promise<Check[]> {
  const secrets = await loadSecrets(configuration, { mayCreate: false });
  await verifyInstallation(client, name, secrets, { mayRecord: false });
  const checks: Check[] = [{ state: 'ok', what: 'The secrets are the ones this database was made with' }];
  if (secrets.keyEncryptionKeySource === 'file') {
    checks.push({
      state: 'warning',
      what: `The key-encryption key lies beside the data it protects (${secretPath(configuration.dataDir, 'familyKeysKek')}): whoever copies the folder can read everything`,
      remedy: 'keep it in a secret store, pass it as FAMILY_KEYS_KEK, and remove the file',
    });
  }
  return checks;
}

/** A failure as a finding: the ones a person can mend name the way out, the others their message. */
function problemOf(error: unknown): Check {
  const known = mendable(error);
  if (known instanceof UserFacingError) {
    return { state: 'problem', what: known.message, remedy: known.remedies.join('; or ') };
  }
  return {
    state: 'problem',
    what: `An unexpected failure: ${error instanceof Error ? error.message : String(error)}`,
    remedy: 'mend what else is named here and look again; please report it if it stays',
  };
}
