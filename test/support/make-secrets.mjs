// A process of its own that loads (and, where it may, makes) the secrets of the data folder in its first
// argument, and prints what it got.
import { ensureDatabaseUsers } from '../../dist/config/database-users.js';
import { loadSecrets } from '../../dist/config/secrets.js';

const [, , dataDir] = process.argv;
const secrets = await loadSecrets({ dataDir }, { mayCreate: true });
const users = await ensureDatabaseUsers(dataDir, ['service', 'reader']);
process.stdout.write(JSON.stringify({ kek: secrets.keyEncryptionKey, secret: secrets.serviceSecret, users }));
