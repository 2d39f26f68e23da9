import { isDeepStrictEqual } from 'node:util';
import type { mongo } from 'mongoose';
import {
  COLLECTIONS,
  collectionOptions,
  databaseOf,
  indexName,
  type CollectionSpec,
  type IndexSpec,
} from './collections.js';
import { deletingIndexes, isSameIndex } from './compare-indexes.js';
import { found, RUN_INIT, together, type Finding, type Inspection } from './finding.js';
import { optionsOf, unsuitable } from './make-collection.js';

/** Looks whether every collection, validator and index is there and as it must be. */
export async function inspectStructure(client: mongo.MongoClient, name: string): Promise<Inspection> {
  return together(await Promise.all(COLLECTIONS.map((spec) => inspectCollection(client, name, spec))));
}

async function inspectCollection(
  client: mongo.MongoClient,
  name: string,
  spec: CollectionSpec,
): Promise<Inspection> {
  const db = client.db(databaseOf(spec, name));
  const where = `${db.databaseName}.${spec.name}`;
  const [collection] = await db.listCollections({ name: spec.name }).toArray();
  if (collection === undefined) {
    return found('findings', {
      code: 'collection-missing',
      problem: `collection ${where} is missing`,
      remedy:
        spec.database === 'derived'
          ? `run "family-accounts projections rebuild --all": it holds nothing that the log does not tell`
          : `if ${where} ever held data, restore it first; then ${RUN_INIT}`,
    });
  }
  const otherwise = unsuitable(collection);
  if (otherwise !== undefined) {
    return found('findings', {
      code: 'collection-unsuitable',
      problem: `${where} ${otherwise}`,
      remedy: `restore ${where} as a plain collection`,
    });
  }
  const indexes = await db.collection(spec.name).listIndexes().toArray();
  return found(
    'findings',
    ...inspectValidator(collection, spec, where),
    ...inspectIndexes(indexes, spec, where),
  );
}

function inspectValidator(collection: mongo.Document, spec: CollectionSpec, where: string): Finding[] {
  const { validator, validationLevel, validationAction } = optionsOf(collection);
  if (isDeepStrictEqual({ validator, validationLevel, validationAction }, collectionOptions(spec))) return [];
  const what = validator === undefined ? 'has no validator' : 'has another validator than this version needs';
  return [{ code: 'validator-missing', problem: `${where} ${what}`, remedy: RUN_INIT }];
}

function inspectIndexes(indexes: readonly mongo.Document[], spec: CollectionSpec, where: string): Finding[] {
  const missing = spec.indexes
    .filter((wanted) => !indexes.some((index) => isSameIndex(index, wanted)))
    .map((wanted) => {
      const taken = indexes.some((index) => isDeepStrictEqual(index['key'], wanted.key));
      const kind = wanted.unique === true ? 'unique index' : 'index';
      return {
        code: 'index-missing',
        problem: `${where} ${taken ? `has another ${indexName(wanted)} than the` : 'lacks the'} ${kind} ${describeIndex(wanted)}`,
        remedy: taken ? `drop the index ${indexName(wanted)} on ${where}, then ${RUN_INIT}` : RUN_INIT,
      };
    });
  const deleting = deletingIndexes(indexes, spec.indexes).map((name) => ({
    code: 'index-deletes',
    problem: `the index ${name} on ${where} makes MongoDB delete documents (expireAfterSeconds)`,
    remedy: `drop the index ${name} on ${where}, and compare the collection with a backup`,
  }));
  return [...missing, ...deleting];
}

function describeIndex(index: IndexSpec): string {
  const ttl =
    index.expireAfterSeconds === undefined ? '' : ` with expireAfterSeconds ${index.expireAfterSeconds}`;
  return `${indexName(index)}${ttl}`;
}
