import { isAbsolute, resolve } from 'node:path';
import { isDatabaseName, NAME_RULE, parseMongodbUri } from './mongodb-uri.js';

/** One environment variable: what it is for, and how its text becomes a value. */
export interface Variable<T> {
  readonly name: string;
  /** As a person would write it; undefined where unset means something that has no text. */
  readonly default?: string;
  /** What stands in the table where there is no default text. */
  readonly unset?: string;
  readonly meaning: string;
  /** Its text holds a secret and is never repeated in a message. */
  readonly secret?: true;
  readonly read: (text: string) => Reading<T>;
}

/** A value, or the end of the sentence "PORT must be …". */
export type Reading<T> = { readonly value: T } | { readonly expected: string };

/** A whole number from `min` to `max`. */
export function wholeNumber(min: number, max: number): (text: string) => Reading<number> {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    return value >= min && value <= max ? { value } : { expected: `a whole number from ${min} to ${max}` };
  };
}

/** A number above 0, with or without decimals. */
export function positiveNumber(text: string): Reading<number> {
  const value = /^\d{1,9}(\.\d{1,6})?$/.test(text) ? Number(text) : 0;
  return value > 0 ? { value } : { expected: 'a number above 0' };
}

/** A number from `min` to `max`, with or without decimals. */
export function numberBetween(min: number, max: number): (text: string) => Reading<number> {
  return (text) => {
    const reading = positiveNumber(text);
    const fits = 'value' in reading && reading.value >= min && reading.value <= max;
    return fits ? reading : { expected: `a number from ${min} to ${max}` };
  };
}

/** `true` or `false`: what else people write for them means different things to different programs. */
export function yesOrNo(text: string): Reading<boolean> {
  return text === 'true' || text === 'false' ? { value: text === 'true' } : { expected: 'true or false' };
}

/** One of a few words. */
export function oneOf<T extends string>(words: readonly T[]): (text: string) => Reading<T> {
  return (text) => {
    const value = words.find((word) => word === text);
    return value === undefined ? { expected: `one of ${words.join(', ')}` } : { value };
  };
}

/** Any text without control characters, at most 200 characters. */
export function line(text: string): Reading<string> {
  return /^[^\p{Cc}]{1,200}$/u.test(text)
    ? { value: text }
    : { expected: 'one line of at most 200 characters' };
}

/** A host name or an address to listen on. */
export function host(text: string): Reading<string> {
  return /^[A-Za-z0-9.:_-]{1,253}$/.test(text)
    ? { value: text }
    : { expected: 'a host name or an IP address, without a port' };
}

/** A path; a relative one is taken from `folder`. */
export function path(folder: string): (text: string) => Reading<string> {
  return (text) =>
    text.includes('\0')
      ? { expected: 'a path' }
      : { value: isAbsolute(text) ? resolve(text) : resolve(folder, text) };
}

/** The mistake that is made most: a password as it is. */
const ENCODED = 'user and password percent-encoded (@ as %40, / as %2F)';

/** Any connection string. */
export function connectionString(text: string): Reading<string> {
  return parseMongodbUri(text) === undefined
    ? {
        expected: `a connection string such as mongodb://user:password@host:27017/?replicaSet=rs0, ${ENCODED}`,
      }
    : { value: text.trim() };
}

/** A connection string whose path, where it has one, can be the name of an installation. */
export function mongodbUri(text: string): Reading<string> {
  const uri = parseMongodbUri(text);
  if (uri === undefined) {
    return {
      expected: `a connection string such as mongodb://host:27017/family_accounts?replicaSet=rs0, ${ENCODED}`,
    };
  }
  return uri.database === undefined || isDatabaseName(uri.database)
    ? { value: text.trim() }
    : {
        expected: `a connection string whose path is a database name: ${NAME_RULE}`,
      };
}

/** 32 bytes in base64, kept as text until the secrets are loaded. */
export function base64Key(text: string): Reading<string> {
  return decodeKey(text) === undefined
    ? { expected: '32 random bytes in base64 (openssl rand -base64 32)' }
    : { value: text.trim() };
}

/** The 32 bytes of a base64 text, URL-safe or not, padded or not; undefined for anything else. */
export function decodeKey(text: string): Buffer | undefined {
  const trimmed = text.trim();
  if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed)) return undefined;
  const key = Buffer.from(trimmed, 'base64');
  return key.length === 32 ? key : undefined;
}
