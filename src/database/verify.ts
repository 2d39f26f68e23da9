import type { mongo } from 'mongoose';
import { UserFacingError } from '../config/user-facing-error.js';
import { found, together, type Finding, type Inspection } from './finding.js';
import { inspectLog } from './inspect-log.js';
import type { CanonicalForm } from './inspect-spelling.js';
import { inspectMajority, inspectRights } from './inspect-rights.js';
import { inspectStructure } from './inspect-structure.js';
import { requireSuitableServer, type ServerFacts } from './suitable-server.js';

export interface VerifyOptions {
  /** Start although this connection could change events: for servers without access control. */
  readonly allowWritableLog: boolean;
  /** The names of all projections, on whose slots and views the service needs rights. */
  readonly projections: readonly string[];
  /** The rule by which addresses are claimed. */
  readonly canonicalForm: CanonicalForm;
}

/**
 * Looks at everything the service relies on in its database, as the user it will run as. Changes nothing.
 * @throws UserFacingError where the server itself is unsuitable.
 */
export async function inspectDatabase(
  client: mongo.MongoClient,
  name: string,
  options: VerifyOptions,
): Promise<Inspection> {
  const server = await requireSuitableServer(client);
  const [rights, majority] = await Promise.all([
    inspectRights(client, name, options),
    inspectMajority(client, name),
  ]);
  const access = together([inspectVersion(server), rights, majority]);
  // What may not be read cannot be looked at.
  if (rights.findings.some(({ code }) => code === 'right-missing')) return access;
  const structure = await inspectStructure(client, name);
  return together([access, structure, await inspectLog(client, name, options.canonicalForm)]);
}

/**
 * Lets the service start only on a database in order.
 * @returns what is wrong but mends while it runs: to be logged, loudly.
 * @throws UserFacingError that names everything else that is wrong.
 */
export async function verifyDatabase(
  client: mongo.MongoClient,
  name: string,
  options: VerifyOptions,
): Promise<{ warnings: readonly Finding[] }> {
  const { findings, warnings } = await inspectDatabase(client, name, options);
  if (findings.length === 0) return { warnings };
  throw new UserFacingError(
    `The database ${name} cannot be used as it is: ${findings.map(({ problem }) => problem).join('; ')}.`,
    { remedies: [...new Set(findings.map(({ remedy }) => remedy))] },
  );
}

function inspectVersion({
  version,
  versionNumbers: [major = 0, minor = 0, patch = 0],
}: ServerFacts): Inspection {
  if (major !== 6 || minor !== 0 || patch >= 25) return together([]);
  return found('hints', {
    code: 'old-server',
    problem: `MongoDB ${version} is for development: 6.0.25 fixed CVE-2025-10060, among others`,
    remedy: 'run a current MongoDB where the service is reachable from outside',
  });
}
