import { isDeepStrictEqual } from 'node:util';
import type { mongo } from 'mongoose';
import type { Reporter } from '../config/reporter.js';
import { UserFacingError } from '../config/user-facing-error.js';
import { collectionOptions, databaseOf, type CollectionSpec } from './collections.js';
import { hasCode, MONGO_CODE } from './mongo-codes.js';
import { retrying } from './retrying.js';

/**
 * Makes the collection, or gives an existing one today's validator.
 * @throws UserFacingError where the name is taken by something that is no plain collection.
 */
export async function makeCollection(
  root: mongo.MongoClient,
  name: string,
  spec: CollectionSpec,
  reporter: Reporter,
): Promise<void> {
  const db = root.db(databaseOf(spec, name));
  const where = `${db.databaseName}.${spec.name}`;
  const wanted = collectionOptions(spec);
  const made = await retrying(async () => {
    try {
      await db.createCollection(spec.name, wanted);
      return true;
    } catch (error) {
      if (hasCode(error, MONGO_CODE.namespaceExists)) return false;
      throw error;
    }
  });
  if (made) {
    reporter.line(`Made collection ${where}`);
    return;
  }
  const [found] = await db.listCollections({ name: spec.name }).toArray();
  const problem = found === undefined ? 'was dropped meanwhile' : unsuitable(found);
  if (problem !== undefined) {
    throw new UserFacingError(`${where} ${problem}.`, {
      remedies: [`rename it out of the way, or choose another database name, and run the same again`],
    });
  }
  const { validator, validationLevel, validationAction } = optionsOf(found);
  if (isDeepStrictEqual({ validator, validationLevel, validationAction }, wanted)) return;
  await retrying(() => db.command({ collMod: spec.name, ...wanted }));
  reporter.line(`Gave ${where} its validator`);
}

/** How the collection differs from a plain one, as the end of a sentence; undefined for a plain one. */
export function unsuitable(found: mongo.Document): string | undefined {
  if (found['type'] !== 'collection') return `is a ${String(found['type'])}, not a collection`;
  const options = optionsOf(found);
  const special = ['capped', 'collation', 'clusteredIndex', 'expireAfterSeconds'].find(
    (key) => key in options,
  );
  return special === undefined ? undefined : `was made with the option "${special}"`;
}

/** The options of a collection as `listCollections` tells them; the two with defaults are filled in. */
export function optionsOf(found: mongo.Document | undefined): Record<string, unknown> {
  const options = (found?.['options'] ?? {}) as Record<string, unknown>;
  return { validationLevel: 'strict', validationAction: 'error', ...options };
}
