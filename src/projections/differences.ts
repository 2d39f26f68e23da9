import { isDeepStrictEqual } from 'node:util';
import mongoose from 'mongoose';
import type { StoredDocument } from './documents.js';

/** Differences that are named; the rest is counted. */
const MAX_SAMPLES = 10;

/** One document that is not as the log says. Which fields differ is told, not what they hold: it is personal. */
export interface DifferenceSample {
  kind: 'missing' | 'extra' | 'different';
  id: string;
  fields?: string[];
}

/** How a generation differs from what the log says it should be. */
export interface Differences {
  /** Documents that should be there and are not. */
  missing: number;
  /** Documents that should not be there. */
  extra: number;
  different: number;
  samples: DifferenceSample[];
}

export function noDifferences(): Differences {
  return { missing: 0, extra: 0, different: 0, samples: [] };
}

export function areSame({ missing, extra, different }: Differences): boolean {
  return missing + extra + different === 0;
}

/** Compares one document with what it should be, byte for byte, and counts what it finds. */
export function compareDocument(
  differences: Differences,
  expected: Buffer | undefined,
  found: Buffer | undefined,
): void {
  if (expected === undefined && found === undefined) return;
  if (expected !== undefined && found !== undefined && expected.equals(found)) return;
  const kind = found === undefined ? 'missing' : expected === undefined ? 'extra' : 'different';
  differences[kind] += 1;
  if (differences.samples.length >= MAX_SAMPLES) return;
  const wanted = decode(expected);
  const present = decode(found);
  const id = nameOf(wanted?._id ?? present?._id);
  differences.samples.push(
    wanted === null || present === null
      ? { kind, id }
      : { kind, id, fields: fieldsThatDiffer(wanted, present) },
  );
}

/** Ids are strings, except those of documents that do not belong there. */
function nameOf(id: unknown): string {
  return typeof id === 'string' ? id : mongoose.mongo.BSON.EJSON.stringify({ _id: id });
}

function decode(bytes: Buffer | undefined): StoredDocument | null {
  return bytes === undefined ? null : (mongoose.mongo.BSON.deserialize(bytes) as StoredDocument);
}

function fieldsThatDiffer(a: StoredDocument, b: StoredDocument): string[] {
  const fields = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter(
    (field) => !isDeepStrictEqual(a[field], b[field]),
  );
  return fields.length === 0 ? ['(order of fields, or number types)'] : fields;
}
