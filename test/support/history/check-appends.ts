import { groupBy } from './group-by.js';
import type { Note, NoteThat, Sent } from './notes.js';
import type { StoredEvent } from './stored-log.js';
import type { History, Violation } from './violation.js';

/** What became of an append, as its writer knows it. */
interface Outcome extends Sent {
  sentAt: number;
  stored: NoteThat<'stored'> | null;
  refused: NoteThat<'refused'> | null;
}

/** Compares what was sent, and what was acknowledged of it, with what is stored. */
export function checkAppends({ notes, events }: History): Violation[] {
  const outcomes = outcomesOf([...notes.values()].flat());
  const byAppend = groupBy(events, ({ append }) => append);
  return [
    ...[...outcomes.values()].flatMap((outcome) => checkOne(outcome, byAppend.get(outcome.append) ?? [])),
    ...[...byAppend.values()].flatMap(([first]) => (first === undefined ? [] : invented(first, outcomes))),
    ...checkDoubled(events),
    ...checkOrder([...outcomes.values()], byAppend),
  ];
}

function outcomesOf(notes: readonly Note[]): Map<string, Outcome> {
  const outcomes = new Map<string, Outcome>();
  for (const note of notes) {
    if (note.is === 'sent') {
      outcomes.set(note.append, { ...note, sentAt: note.at, stored: null, refused: null });
    }
  }
  for (const note of notes) {
    if (note.is !== 'stored' && note.is !== 'refused') continue;
    const outcome = outcomes.get(note.append);
    if (outcome === undefined) continue;
    if (note.is === 'stored') outcome.stored = note;
    else outcome.refused = note;
  }
  return outcomes;
}

function checkOne(outcome: Outcome, found: readonly StoredEvent[]): Violation[] {
  const { append, stream, expectedVersion, events, stored, refused } = outcome;
  const said = `append ${append} (${events.length} events to ${stream} after version ${expectedVersion})`;
  if (found.length === 0) {
    return stored === null
      ? []
      : [
          {
            kind: 'lost',
            facts: `${said} was acknowledged at position ${stored.position}; nothing is there`,
          },
        ];
  }
  const violations: Violation[] = [];
  const last = found.at(-1);
  if (refused !== null) {
    const facts = `${said} was refused (${refused.error}) and is stored at position ${last?.position}`;
    violations.push({ kind: 'refused and stored', facts });
  }
  const first = found[0]?.position ?? 0;
  const isWhole =
    found.length === events.length &&
    found.every((event, index) => event.stream === stream && event.position === first + index) &&
    found.every(({ version }, index) => version === expectedVersion + 1 + index);
  if (!isWhole)
    violations.push({ kind: 'torn', facts: `${said} is stored as ${found.map(placed).join(', ')}` });
  if (stored !== null && (stored.position !== last?.position || stored.version !== last.version)) {
    const facts = `${said} was acknowledged as version ${stored.version} at position ${stored.position}`;
    violations.push({ kind: 'lost', facts: `${facts}; it is ${last === undefined ? '' : placed(last)}` });
  }
  found.forEach(({ type, payload, position }, index) => {
    const sent = events[index];
    if (sent === undefined || (sent.type === type && sent.payload === payload)) return;
    const facts = `position ${position} holds ${type} ${payload}; sent was ${sent.type} ${sent.payload}`;
    violations.push({ kind: 'altered', facts });
  });
  return violations;
}

function invented({ append, position }: StoredEvent, outcomes: ReadonlyMap<string, Outcome>): Violation[] {
  return outcomes.has(append)
    ? []
    : [{ kind: 'invented', facts: `nobody sent append ${append}, which is stored at position ${position}` }];
}

/** However often a command is asked, decided and sent: one append of it is stored. */
function checkDoubled(events: readonly StoredEvent[]): Violation[] {
  return [...groupBy(events, ({ command }) => command)].flatMap(([command, of]): Violation[] => {
    const places = [...groupBy(of, ({ append }) => append).values()].map(([first]) => first);
    if (places.length === 1) return [];
    const facts = places.map((event) => (event === undefined ? '' : placed(event))).join(' and as ');
    return [{ kind: 'doubled', facts: `command ${command} is stored as ${facts}` }];
  });
}

/** Whatever was sent after something was acknowledged has a later position. */
function checkOrder(
  outcomes: readonly Outcome[],
  byAppend: ReadonlyMap<string, readonly StoredEvent[]>,
): Violation[] {
  const sent = [...outcomes].sort((a, b) => a.sentAt - b.sentAt);
  const acknowledged = outcomes.flatMap(({ stored }) => stored ?? []).sort((a, b) => a.at - b.at);
  const violations: Violation[] = [];
  let latest: NoteThat<'stored'> | null = null;
  let next = 0;
  for (const { append, sentAt } of sent) {
    for (let note = acknowledged[next]; note !== undefined && note.at < sentAt; note = acknowledged[next]) {
      if (note.position > (latest?.position ?? 0)) latest = note;
      next += 1;
    }
    const position = byAppend.get(append)?.[0]?.position ?? Infinity;
    if (latest === null || position > latest.position) continue;
    const later = (sentAt - latest.at) / 1_000;
    const facts = `append ${append} was sent ${later} ms after position ${latest.position} was acknowledged`;
    violations.push({ kind: 'out of order', facts: `${facts}, and is at position ${position}` });
  }
  return violations;
}

function placed({ stream, version, position }: StoredEvent): string {
  return `version ${version} of ${stream} at position ${position}`;
}
