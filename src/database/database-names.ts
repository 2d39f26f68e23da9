import { UserFacingError } from '../config/user-facing-error.js';
import { isDatabaseName, NAME_RULE } from '../config/mongodb-uri.js';

/** The database of what must not be lost: events, claims, keys. `name` holds what can be derived. */
export function logDatabaseOf(name: string): string {
  return `${name}_log`;
}

/** @throws UserFacingError for a name that MongoDB, or one of our role names, could not carry. */
export function requireDatabaseName(name: string): void {
  if (isDatabaseName(name)) return;
  throw new UserFacingError(`"${name}" cannot be the name of the database.`, {
    remedies: [`take another one: ${NAME_RULE}`],
  });
}
