/** A MongoDB connection string in its parts; user name and password decoded. */
export interface MongodbUri {
  readonly scheme: 'mongodb' | 'mongodb+srv';
  readonly username?: string;
  readonly password?: string;
  /** `host:port`, several separated by commas. */
  readonly hosts: string;
  /** What stands after the slash: for us always the installation's database. */
  readonly database?: string;
  readonly options: URLSearchParams;
}

const URI = /^(mongodb(?:\+srv)?):\/\/(?:([^@/]*)@)?([^@/?]+)(?:\/([^/?]*))?(?:\?(.*))?$/;
/** How a connection string is written. */
export const URI_FORM =
  'Write it as mongodb://user:password@host:port/name?replicaSet=rs0, with every special character of user and password percent-encoded (@ as %40, / as %2F)';
/** What `isDatabaseName` asks, as the end of a sentence. */
export const NAME_RULE =
  'it has up to 38 letters, digits, _ and -, does not end in _log, and is none of admin, local and config, which are MongoDB’s own';
/** Options of a connection string that hold secrets themselves. */
const SECRET_OPTIONS = ['authMechanismProperties', 'tlsCertificateKeyFilePassword', 'proxyPassword'];

/** Reads a connection string; undefined for anything that is none (`new URL` knows no list of hosts). */
export function parseMongodbUri(text: string): MongodbUri | undefined {
  const parts = URI.exec(text.trim());
  if (parts === null) return undefined;
  const [, scheme, credentials, hosts, database, query] = parts;
  try {
    const colon = credentials?.indexOf(':') ?? -1;
    return {
      scheme: scheme === 'mongodb+srv' ? 'mongodb+srv' : 'mongodb',
      ...(credentials
        ? { username: decodeURIComponent(colon < 0 ? credentials : credentials.slice(0, colon)) }
        : {}),
      ...(credentials && colon >= 0 ? { password: decodeURIComponent(credentials.slice(colon + 1)) } : {}),
      hosts: hosts ?? '',
      ...(database ? { database: decodeURIComponent(database) } : {}),
      options: new URLSearchParams(query),
    };
  } catch {
    return undefined;
  }
}

/** The connection string of these parts. */
export function formatMongodbUri({
  scheme,
  username,
  password,
  hosts,
  database,
  options,
}: MongodbUri): string {
  const credentials =
    username === undefined
      ? ''
      : `${[username, ...(password === undefined ? [] : [password])].map(encodeURIComponent).join(':')}@`;
  const query = options.toString();
  return `${scheme}://${credentials}${hosts}/${encodeURIComponent(database ?? '')}${query === '' ? '' : `?${query}`}`;
}

/** The connection string as it may be shown: without password, and without anything where it is malformed. */
export function redactUri(text: string): string {
  const uri = parseMongodbUri(text);
  if (uri === undefined) return '(not a MongoDB connection string)';
  const options = new URLSearchParams(uri.options);
  for (const name of [...options.keys()]) {
    if (SECRET_OPTIONS.some((secret) => secret.toLowerCase() === name.toLowerCase()))
      options.set(name, '***');
  }
  return formatMongodbUri({ ...uri, ...(uri.password === undefined ? {} : { password: '***' }), options });
}

/**
 * Whether an installation can be called so: `<name>_log` stays within MongoDB's 63 bytes with room for the
 * names of roles, and no character means anything to a shell, a URL or MongoDB. A name of its own that ends in
 * `_log` would be the log of the installation without it, and its `reader` would read that one's keys.
 */
export function isDatabaseName(name: string): boolean {
  const taken = ['admin', 'local', 'config'].includes(name.toLowerCase()) || /_log$/i.test(name);
  return /^[A-Za-z0-9_-]{1,38}$/.test(name) && !taken;
}
