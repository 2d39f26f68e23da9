import mongoose, { type mongo } from 'mongoose';

/** Runs `work` on a connection of its own and closes it. */
export async function withMongoClient<T>(
  uri: string,
  work: (client: mongo.MongoClient) => Promise<T>,
): Promise<T> {
  const client = new mongoose.mongo.MongoClient(uri, { serverSelectionTimeoutMS: 5_000 });
  try {
    return await work(client);
  } finally {
    await client.close();
  }
}
