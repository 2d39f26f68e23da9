import mongoose, { type mongo } from 'mongoose';

/**
 * Inserts documents in order with one `insert` command. The driver's `insertMany` weighs every document
 * once more to split large batches; a batch of ours always fits one command (MAX_BATCH_BYTES).
 * @throws MongoServerError for the first document that was refused, as `insertMany` does.
 */
export async function insertAll(
  db: mongo.Db,
  collection: string,
  documents: readonly mongo.Document[],
  session: mongo.ClientSession,
): Promise<void> {
  const reply = await db.command(
    { insert: collection, documents, ordered: true },
    // A command does not inherit it from its database.
    { session, ignoreUndefined: true },
  );
  const [refused] = (reply['writeErrors'] ?? []) as mongo.ErrorDescription[];
  if (refused !== undefined) throw new mongoose.mongo.MongoServerError(refused);
}
