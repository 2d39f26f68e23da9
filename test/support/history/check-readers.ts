import { groupBy } from './group-by.js';
import type { Note, NoteThat } from './notes.js';
import type { History, Violation } from './violation.js';

/** What readers saw: positions one after the other, nothing that went away again, nothing later than they could. */
export function checkReaders({ notes, events }: History): Violation[] {
  const stored = new Map(events.map(({ position, hash }) => [position, hash]));
  const all = [...notes.values()].flat();
  return [...checkSeen(all, stored), ...checkLooks(all)];
}

function checkSeen(notes: readonly Note[], stored: ReadonlyMap<number, string>): Violation[] {
  const violations: Violation[] = [];
  const lastOf = new Map<string, number>();
  for (const note of notes) {
    if (note.is !== 'saw') continue;
    const { reader } = note;
    for (const [position, hash] of note.events) {
      const last = lastOf.get(reader) ?? 0;
      if (position !== last + 1) {
        const facts = `${reader} saw position ${position} after position ${last}`;
        violations.push({ kind: 'seen before its predecessor', facts });
      }
      if (stored.get(position) !== hash) {
        const instead = stored.get(position) ?? 'nothing';
        const facts = `${reader} saw ${hash} at position ${position}, where ${instead} is now`;
        violations.push({ kind: 'seen and gone', facts });
      }
      lastOf.set(reader, position);
    }
  }
  return violations;
}

/** Who begins to read a family when something of it was acknowledged sees that, or more. */
function checkLooks(notes: readonly Note[]): Violation[] {
  const streamOf = new Map(notes.flatMap((note) => (note.is === 'sent' ? [[note.append, note.stream]] : [])));
  const acknowledged = groupBy(
    notes.filter((note): note is NoteThat<'stored'> => note.is === 'stored'),
    ({ append }) => streamOf.get(append),
  );
  return notes.flatMap((note): Violation[] => {
    if (note.is !== 'looked') return [];
    const missed = acknowledged
      .get(note.stream)
      ?.find(({ at, version }) => at < note.since && version > note.version);
    if (missed === undefined) return [];
    const facts = `${note.stream} was read at version ${note.version}, ${(note.since - missed.at) / 1_000} ms`;
    return [{ kind: 'not seen', facts: `${facts} after its version ${missed.version} was acknowledged` }];
  });
}
