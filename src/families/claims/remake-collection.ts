import type { mongo } from 'mongoose';
import type { Reporter } from '../../config/reporter.js';
import { COLLECTIONS, databaseOf } from '../../database/collections.js';
import { makeCollection } from '../../database/make-collection.js';
import { makeIndexes } from '../../database/make-indexes.js';

/**
 * Makes a dropped `email_claims` again, and a dropped index of it, with the service's own rights. An insert
 * would make the collection, too, and leave out what keeps claims unique. A validator that was changed is an
 * administrator's to put back.
 * @throws UserFacingError where duplicates are in the way of the index
 */
export async function remakeClaimsCollection(
  client: mongo.MongoClient,
  name: string,
  reporter: Reporter,
): Promise<void> {
  for (const spec of COLLECTIONS.filter((one) => one.name === 'email_claims')) {
    const found = await client.db(databaseOf(spec, name)).listCollections({ name: spec.name }).toArray();
    if (found.length === 0) await makeCollection(client, name, spec, reporter);
    await makeIndexes(client, name, spec, reporter);
  }
}
