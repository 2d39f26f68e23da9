import mongoose, { type mongo } from 'mongoose';
import { fromStored, type FoldedDocument, type StoredDocument } from '../documents.js';

/**
 * What is read of a read model's documents at once, and what one transaction writes, in bytes: memory holds the one, MongoDB
 * the other. Transactions of hundreds of megabytes fail, and a single document may have 16.
 */
export const MAX_BYTES = 16 * 1024 * 1024;

/** More documents than are to be in memory, and in a transaction, at once: the page has to be taken in parts. */
export class PageTooLarge extends Error {
  constructor() {
    super('The documents that this page is about are too large to be taken at once');
    this.name = 'PageTooLarge';
  }
}

/**
 * Documents as they lie in the slot. The position of one is NaN where no event up to the checkpoint can have left
 * it so: it is somebody else's, as a document saved by hand is.
 * @throws PageTooLarge
 */
export async function loadDocuments(
  slot: mongo.Collection<StoredDocument>,
  ids: readonly string[],
  checkpoint: number,
  maxBytes: number,
): Promise<Map<string, FoldedDocument | null>> {
  const documents = new Map<string, FoldedDocument | null>(ids.map((id) => [id, null]));
  if (ids.length === 0) return documents;
  let bytes = 0;
  for await (const raw of slot.find({ _id: { $in: [...ids] } }, { raw: true })) {
    // With `raw`, what the driver gives is the document's own bytes.
    const stored = raw as unknown as Buffer;
    bytes += stored.length;
    if (bytes > maxBytes) throw new PageTooLarge();
    const document = mongoose.mongo.BSON.deserialize(stored) as StoredDocument;
    const found = fromStored(document);
    const isOurs =
      Number.isSafeInteger(found.position) && found.position >= 1 && found.position <= checkpoint;
    documents.set(document._id, isOurs ? found : { ...found, position: NaN });
  }
  return documents;
}
