import type { mongo } from 'mongoose';
import { fingerprintOf, type Secrets } from '../config/secrets.js';
import { UserFacingError } from '../config/user-facing-error.js';
import { logDatabaseOf } from './database-names.js';
import { hasCode, MONGO_CODE } from './mongo-codes.js';

interface FingerprintDocument {
  _id: 'key-encryption-key' | 'service-secret';
  fingerprint: string;
}

/**
 * Whether this database has never been served: no event, no family's key, no fingerprint of a secret. Only
 * then may missing secrets be generated.
 */
export async function isNewInstallation(client: mongo.MongoClient, name: string): Promise<boolean> {
  const log = client.db(logDatabaseOf(name));
  const first = await Promise.all(
    ['installation', 'family_keys', 'events'].map((collection) =>
      log.collection(collection).findOne({}, { projection: { _id: 1 } }),
    ),
  );
  return first.every((document) => document === null);
}

/**
 * Makes sure that this process has the secrets the database was made with: the first one leaves their
 * fingerprints, everyone after is compared with them. Call it before anything is read or written with them.
 * @param options `mayRecord` (default true): leave the fingerprints of these secrets where there are none. Only the service
 *   does: whoever merely looks must not decide which secrets are the right ones.
 * @throws UserFacingError that names the secret that differs.
 */
export async function verifyInstallation(
  client: mongo.MongoClient,
  name: string,
  secrets: Pick<Secrets, 'keyEncryptionKey' | 'serviceSecret'>,
  { mayRecord = true }: { readonly mayRecord?: boolean } = {},
): Promise<void> {
  const log = client.db(logDatabaseOf(name));
  const kek = fingerprintOf(secrets.keyEncryptionKey);
  const storedKek = await storedFingerprint(log, 'key-encryption-key');
  // Without a stored fingerprint the families' keys themselves tell what they were wrapped with.
  const other =
    storedKek === undefined
      ? await log
          .collection<{ kek: string }>('family_keys')
          .findOne({ kek: { $ne: kek } }, { projection: { kek: 1 } })
      : null;
  if (other !== null || (storedKek ?? kek) !== kek) {
    throw otherSecret(name, 'key-encryption key', 'FAMILY_KEYS_KEK', 'family-keys-kek', [
      kek,
      storedKek ?? String(other?.kek),
    ]);
  }
  const service = fingerprintOf(secrets.serviceSecret);
  const storedService = await storedFingerprint(log, 'service-secret');
  if ((storedService ?? service) !== service) {
    throw otherSecret(name, 'service secret', 'SERVICE_SECRET', 'service-secret', [
      service,
      String(storedService),
    ]);
  }
  if (!mayRecord || (storedKek !== undefined && storedService !== undefined)) return;
  // One after the other: of two first processes with other secrets, one leaves both of its fingerprints.
  if (storedKek === undefined) await insertUnlessThere(log, { _id: 'key-encryption-key', fingerprint: kek });
  else await insertUnlessThere(log, { _id: 'service-secret', fingerprint: service });
  await verifyInstallation(client, name, secrets, { mayRecord });
}

async function storedFingerprint(
  log: mongo.Db,
  _id: FingerprintDocument['_id'],
): Promise<string | undefined> {
  return (await log.collection<FingerprintDocument>('installation').findOne({ _id }))?.fingerprint;
}

async function insertUnlessThere(log: mongo.Db, document: FingerprintDocument): Promise<void> {
  try {
    await log
      .collection<FingerprintDocument>('installation')
      .insertOne(document, { writeConcern: { w: 'majority', journal: true } });
  } catch (error) {
    if (!hasCode(error, MONGO_CODE.duplicateKey)) throw error;
  }
}

function otherSecret(
  name: string,
  what: string,
  variable: string,
  file: string,
  [ours, stored]: [string, string],
): UserFacingError {
  return new UserFacingError(
    `This process has another ${what} than the one the database ${name} was made with (fingerprint ${ours}, not ${stored}). Nothing was changed.`,
    {
      remedies: [
        `set ${variable} to the value every other process of this installation has, or unset it where a file holds the right one`,
        `restore DATA_DIR/secrets/${file} from the backup of the data folder, or set DATA_DIR to the folder that holds it`,
        'for a new, empty installation use another database name (the path of MONGODB_URI) or another DATA_DIR',
      ],
    },
  );
}
