import type { FamilyState } from '../families/domain/state.js';
import { memberOf } from '../families/domain/state.js';
import { HttpProblem } from './problems/problem.js';

/** RFC 9110, section 8.8.3: any visible character but the quote may be in a tag, the comma too. */
const TAG = '(?:W/)?"[\\x21\\x23-\\x7e\\x80-\\xff]*"';
const TAGS = new RegExp(`${TAG}|\\*`, 'g');
const LIST_OF_TAGS = new RegExp(`^\\s*(?:\\*|${TAG}(?:\\s*,\\s*${TAG})*)\\s*$`);

/** The tag of a family or member at one version of its stream (RFC 9110, section 8.8.3). */
export function entityTag(version: number): string {
  return `"${version}"`;
}

/** Whether `If-None-Match` names this version: then the client has it already. */
export function isKnownVersion(ifNoneMatch: string | undefined, version: number): boolean {
  // What is no list of tags names no version, whatever looks like a tag in it: the whole answer is never wrong.
  if (ifNoneMatch === undefined || !LIST_OF_TAGS.test(ifNoneMatch)) return false;
  const tags = tagsIn(ifNoneMatch).map((tag) => tag.replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(entityTag(version));
}

/**
 * What `If-Match` asks of a family, or of one of its members, for a command to be carried out; undefined
 * where it asks nothing. Weak tags never match (RFC 9110, section 13.1.1).
 */
export function requiredVersion(
  ifMatch: string | undefined,
  member?: string,
): ((state: FamilyState, version: number) => boolean) | undefined {
  if (ifMatch === undefined) return undefined;
  if (!LIST_OF_TAGS.test(ifMatch)) {
    throw new HttpProblem('invalid-request', 'If-Match holds entity tags in double quotes, or *');
  }
  const tags = tagsIn(ifMatch);
  return (state, version) => {
    const present = member === undefined ? version : memberOf(state, member)?.version;
    // An unknown member is refused as such, with an answer that says so.
    return present === undefined || tags.includes('*') || tags.includes(entityTag(present));
  };
}

function tagsIn(list: string): string[] {
  return list.match(TAGS) ?? [];
}
