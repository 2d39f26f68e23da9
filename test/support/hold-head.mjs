// A writer that takes the head inside a transaction and never commits: it waits to be killed.
// Arguments: connection string, log database.
import mongoose from 'mongoose';

const [uri, logDatabase] = process.argv.slice(2);
const client = await new mongoose.mongo.MongoClient(uri).connect();
const session = client.startSession();
session.startTransaction({ readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority' } });
await client
  .db(logDatabase)
  .collection('log_head')
  .updateOne({ _id: 'head' }, { $inc: { position: mongoose.mongo.Long.fromNumber(1) } }, { session });
process.on('SIGUSR2', () => {
  session.commitTransaction().then(
    () => process.stdout.write('committed\n'),
    () => process.stdout.write('refused\n'),
  );
});
// Only now: whoever reads this sends signals.
process.stdout.write('holding\n');
setInterval(() => undefined, 1_000);
