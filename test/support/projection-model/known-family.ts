import type { FamilyEvent } from '../../../src/families/domain/events.js';
import {
  added,
  birthYearChanged,
  closed,
  localeChanged,
  memberRenamed,
  removed,
  renamed,
  reopened,
} from '../family-events.js';
import type { WrittenFamily } from '../test-projections.js';

/** A family as a history has made it so far. */
export interface KnownFamily {
  written: WrittenFamily;
  isOpen: boolean;
  members: string[];
}

/** An event that this family can have next. @param name what it is about is called so */
export function nextEvent(family: KnownFamily, what: number, name: string): FamilyEvent {
  const member = family.members.at(what % Math.max(1, family.members.length));
  if (!family.isOpen) {
    family.isOpen = true;
    return reopened();
  }
  if (what === 0) return localeChanged(name);
  if (what === 1) {
    family.isOpen = false;
    return closed(name);
  }
  if (what <= 3 || member === undefined) {
    family.members.push(`${family.written.id}-${name}`);
    return added(`${family.written.id}-${name}`, name);
  }
  if (what === 4) {
    family.members = family.members.filter((one) => one !== member);
    return removed(member);
  }
  if (what === 5) return memberRenamed(member, name);
  return what === 6 ? birthYearChanged(member, 2000 + (Number(name.slice(1)) % 20)) : renamed(name);
}
