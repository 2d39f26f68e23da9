import type { mongo } from 'mongoose';
import type { Reporter } from '../config/reporter.js';
import { COLLECTIONS, databaseOf } from './collections.js';
import { makeCollection } from './make-collection.js';
import { makeIndexes } from './make-indexes.js';

/**
 * Makes dropped collections again, and dropped indexes of them, with the service's own rights: for those that
 * hold nothing but what can be derived. An insert would make a collection, too, and leave out its validator and
 * its indexes. A validator that was changed is an administrator's to put back.
 * @throws UserFacingError where duplicates are in the way of an index
 */
export async function remakeCollections(
  client: mongo.MongoClient,
  name: string,
  collections: readonly ('email_claims' | 'projection_status' | 'projection_quarantine')[],
  reporter: Reporter,
): Promise<void> {
  for (const spec of COLLECTIONS.filter((one) => collections.some((wanted) => wanted === one.name))) {
    const found = await client.db(databaseOf(spec, name)).listCollections({ name: spec.name }).toArray();
    if (found.length === 0) await makeCollection(client, name, spec, reporter);
    await makeIndexes(client, name, spec, reporter);
  }
}
