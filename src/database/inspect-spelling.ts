import type { mongo } from 'mongoose';
import { found, together, type Inspection } from './finding.js';

/** Claims that are named in a finding; there may be more. */
const NAMED_CLAIMS = 5;

/** Anything but the printable ASCII that has no capitals: without it an address is its own canonical form, or none. */
const WORTH_A_LOOK = /[^!-@[-~]/;

/** The form in which an address is claimed; undefined for what is not taken as one. */
export type CanonicalForm = (address: string) => string | undefined;

/**
 * Looks whether claims are spelt as they would be made today: beside one that is not, its address could be
 * claimed a second time. What today's rules refuse is left alone: nobody can claim it again.
 */
export async function inspectSpelling(
  log: mongo.Db,
  session: mongo.ClientSession,
  canonicalForm: CanonicalForm,
): Promise<Inspection> {
  const claims = log
    .collection<{ _id: string }>('email_claims')
    .find({ _id: WORTH_A_LOOK, family: { $exists: true } }, { session, projection: { _id: 1 } });
  const wrong: string[] = [];
  for await (const { _id } of claims) {
    if ((canonicalForm(_id) ?? _id) !== _id) wrong.push(JSON.stringify(_id));
    if (wrong.length === NAMED_CLAIMS) break;
  }
  if (wrong.length === 0) return together([]);
  return found('findings', {
    code: 'claim-not-canonical',
    problem: `claims are not in canonical form, so one address could be claimed twice: ${wrong.join(', ')}`,
    remedy: 'run "family-accounts claims verify", then "family-accounts claims rebuild"',
  });
}
