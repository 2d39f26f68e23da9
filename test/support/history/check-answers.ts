import { familyStream } from '../../../src/families/family-stream.js';
import { groupBy } from './group-by.js';
import type { NoteThat } from './notes.js';
import type { History, Violation } from './violation.js';

/** What clients were told: one owner for each address, one answer for each key, and no error out of place. */
export function checkAnswers(history: History): Violation[] {
  return [...checkOwners(history), ...checkKeys(history), ...checkErrors(history)];
}

/** By the events themselves, by the claims and by what clients were told: all name one family, registered once. */
function checkOwners({ notes, events, claims }: History): Violation[] {
  const registrations = events.flatMap(({ email, stream, position }) =>
    email === null ? [] : [{ email, stream, by: `the event at position ${position}` }],
  );
  const owners = [
    ...registrations,
    ...claims.map(({ email, family, position }) => ({
      ...{ email, stream: familyStream(family), by: `its claim, made at position ${position}` },
    })),
    ...[...notes.values()]
      .flat()
      .flatMap((note) => (note.is === 'answered' ? [{ ...note, by: `the answer to ${note.command}` }] : [])),
  ];
  const timesRegistered = groupBy(registrations, ({ email }) => email);
  return [...groupBy(owners, ({ email }) => email)].flatMap(([email, of]): Violation[] => {
    const isOne = new Set(of.map(({ stream }) => stream)).size === 1;
    if (isOne && (timesRegistered.get(email)?.length ?? 0) <= 1) return [];
    const facts = of.map(({ stream, by }) => `${stream} by ${by}`).join(', to ');
    return [{ kind: 'two owners', facts: `${email} belongs to ${facts}` }];
  });
}

function checkKeys({ notes }: History): Violation[] {
  const answers = new Map<string, NoteThat<'answered'>>();
  const violations: Violation[] = [];
  for (const note of [...notes.values()].flat()) {
    if (note.is !== 'answered' || note.key === null) continue;
    const first = answers.get(note.key);
    if (first === undefined) answers.set(note.key, note);
    else if (describe(first) !== describe(note)) {
      const facts = `${note.key} was answered ${describe(first)}, and ${describe(note)}`;
      violations.push({ kind: 'answered differently', facts });
    }
  }
  return violations;
}

function describe({ stream, version, position, changes }: NoteThat<'answered'>): string {
  return `version ${version} of ${stream} at position ${position} with ${changes}`;
}

function checkErrors({ notes }: History): Violation[] {
  return [...notes].flatMap(([process, of]) =>
    of.flatMap((note): Violation[] => {
      const isError =
        note.is === 'met' || ((note.is === 'declined' || note.is === 'refused') && !note.isExpected);
      if (!isError) return [];
      const who = note.is === 'met' ? note.reader : note.is === 'declined' ? note.command : note.append;
      return [{ kind: 'unexpected error', facts: `${process}, ${who}: ${note.error}: ${note.message}` }];
    }),
  );
}
