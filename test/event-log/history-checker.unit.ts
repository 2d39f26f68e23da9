import { violationsOf } from '../support/history/check-history.js';
import type { Note, NoteThat } from '../support/history/notes.js';
import type { StoredEvent } from '../support/history/stored-log.js';
import type { ViolationKind } from '../support/history/violation.js';

interface Mutable {
  notes: Map<string, Note[]>;
  events: StoredEvent[];
  claims: { email: string; family: string; position: number }[];
}

/** Two families of two writers: one is registered and changed twice at once, the other registered. */
function soundHistory(): Mutable {
  const first = event(1, 'family-1', 1, 'registers-1', 'a@example.org');
  const second = event(2, 'family-2', 1, 'registers-2', 'b@example.org');
  const third = event(3, 'family-1', 2, 'changes-1');
  const fourth = event(4, 'family-1', 3, 'changes-1');
  return {
    notes: new Map([
      [
        'writer-0',
        [
          { is: 'asked', at: 1, command: 'registers-1', key: 'key-1', email: 'a@example.org' },
          sent(2, [first]),
          { is: 'stored', at: 10, append: 'registers-1', position: 1, version: 1 },
          answered(11, first, 'a@example.org', 'key-1'),
          sent(20, [third, fourth]),
          { is: 'stored', at: 30, append: 'changes-1', position: 4, version: 3 },
          answered(31, fourth, 'a@example.org', 'key-2'),
          sent(32, [event(0, 'family-1', 2, 'refused')]),
          refused(33, 'refused', 'VersionConflict'),
        ],
      ],
      [
        'writer-1',
        [
          sent(3, [second]),
          { is: 'unknown', at: 12, append: 'registers-2' },
          // The same command again, under the same key.
          { ...answered(40, fourth, 'a@example.org', 'key-2'), replayed: true },
          { is: 'looked', at: 42, stream: 'family-1', version: 3, since: 41 },
          // It read before the acknowledgement.
          { is: 'looked', at: 43, stream: 'family-1', version: 1, since: 29 },
        ],
      ],
      ['reader', [saw(50, [first]), saw(51, [second, third]), saw(52, [fourth])]],
    ]),
    events: [first, second, third, fourth],
    claims: [
      { email: 'a@example.org', family: '1', position: 1 },
      { email: 'b@example.org', family: '2', position: 2 },
    ],
  };
}

describe('the checker of histories', () => {
  it('has nothing to say of a history that keeps every promise', () => {
    expect(violationsOf(soundHistory())).toEqual([]);
  });

  it.each<[string, ViolationKind[], (history: Mutable) => void]>([
    [
      'an acknowledged append that is not there',
      ['lost', 'seen and gone'],
      ({ events }) => void events.splice(2, 2),
    ],
    [
      'an acknowledged append that is at another position',
      ['lost'],
      ({ notes }) => void Object.assign(noted(notes, 'stored'), { position: 2 }),
    ],
    [
      'an acknowledged append that has another version',
      ['lost', 'not seen'],
      ({ notes }) => void Object.assign(noted(notes, 'stored'), { version: 2 }),
    ],
    ['other contents', ['altered'], ({ events }) => void Object.assign(events[2]!, { payload: 'other' })],
    ['another type', ['altered'], ({ events }) => void Object.assign(events[0]!, { type: 'FamilyClosed' })],
    ['half of an append', ['torn', 'lost', 'seen and gone'], ({ events }) => void events.pop()],
    [
      'an append in another stream than it was sent to',
      ['torn'],
      ({ events }) => {
        for (const one of events.slice(2)) one.stream = 'family-2';
        events.push({
          ...events[3]!,
          position: 5,
          version: 4,
          append: 'registers-2',
          command: 'registers-2',
        });
      },
    ],
    [
      'a refused append that is stored',
      ['refused and stored'],
      ({ events }) => void events.push({ ...event(5, 'family-1', 2, 'refused') }),
    ],
    [
      'an append that nobody sent',
      ['invented'],
      ({ events }) => void events.push(event(5, 'family-2', 2, 'nobody')),
    ],
    [
      'a command that was carried out twice',
      ['doubled'],
      ({ notes, events }) => {
        const again = { ...event(5, 'family-1', 4, 'changes-2'), command: 'changes-1' };
        notes.get('writer-1')!.push(sent(44, [again]));
        events.push(again);
      },
    ],
    [
      'an append that was acknowledged before another one was sent, and comes after it',
      ['out of order'],
      ({ notes }) => void Object.assign(noted(notes, 'sent', 'registers-2'), { at: 35 }),
    ],
    [
      'a position that was seen before the one before it',
      ['seen before its predecessor'],
      ({ notes, events }) => void notes.set('reader', [saw(50, [events[0]!, events[2]!, events[1]!])]),
    ],
    [
      'a position that no reader of a process began with',
      ['seen before its predecessor'],
      ({ notes, events }) => void notes.set('reader', [saw(50, [events[1]!])]),
    ],
    [
      'an event that was seen and is another one now',
      ['seen and gone'],
      ({ events }) => void Object.assign(events[3]!, { hash: 'other' }),
    ],
    [
      'a read that misses what was acknowledged before it',
      ['not seen'],
      ({ notes }) => void Object.assign(noted(notes, 'looked'), { version: 2 }),
    ],
    [
      'an address of two families by their events',
      ['two owners'],
      ({ events }) => void Object.assign(events[1]!, { email: 'a@example.org' }),
    ],
    [
      'an address that was registered twice by one family',
      ['two owners'],
      ({ events }) => void Object.assign(events[3]!, { email: 'a@example.org' }),
    ],
    [
      'a claim of another family than its event’s',
      ['two owners'],
      ({ claims }) => void Object.assign(claims[0]!, { family: '2' }),
    ],
    [
      'an answer about another family than the one that has the address',
      ['two owners'],
      ({ notes }) => void Object.assign(noted(notes, 'answered'), { stream: 'family-2' }),
    ],
    [
      'another answer under the same key',
      ['answered differently'],
      ({ notes }) => {
        notes.get('writer-1')!.push(answered(60, soundHistory().events[2]!, 'a@example.org', 'key-2'));
      },
    ],
    [
      'an append that was refused by what must not happen',
      ['unexpected error'],
      ({ notes }) => void Object.assign(noted(notes, 'refused'), { error: 'LogDamaged', isExpected: false }),
    ],
    [
      'a reader that met a gap',
      ['unexpected error'],
      ({ notes }) =>
        void notes.get('reader')!.push({
          is: 'met',
          at: 60,
          reader: 'readLog',
          error: 'LogDamaged',
          message: 'position 2 is missing',
        }),
    ],
  ])('tells %s', (_what, kinds, spoil) => {
    const history = soundHistory();
    spoil(history);
    const violations = violationsOf(history);
    expect([...new Set(violations.map(({ kind }) => kind))].sort()).toEqual([...kinds].sort());
    for (const { facts } of violations) expect(facts.length).toBeGreaterThan(20);
  });
});

function event(
  position: number,
  stream: string,
  version: number,
  append: string,
  email: string | null = null,
): StoredEvent {
  const type = email === null ? 'FamilyRenamed' : 'FamilyRegistered';
  const payload = `payload of ${stream} ${version}`;
  return {
    position,
    stream,
    version,
    type,
    append,
    command: append,
    payload,
    hash: `hash ${position}`,
    email,
  };
}

function sent(at: number, events: readonly StoredEvent[]): NoteThat<'sent'> {
  const [{ append, command, stream, version } = event(0, '', 1, '')] = events;
  return {
    ...{ is: 'sent', at, append, command, stream, expectedVersion: version - 1 },
    events: events.map(({ type, payload }) => ({ type, payload })),
  };
}

function refused(at: number, append: string, error: string): NoteThat<'refused'> {
  return { is: 'refused', at, append, error, message: 'as it should be', isExpected: true };
}

function answered(
  at: number,
  { stream, version, position, command }: StoredEvent,
  email: string,
  key: string,
): NoteThat<'answered'> {
  return {
    is: 'answered',
    at,
    command,
    key,
    email,
    stream,
    version,
    position,
    changes: '[]',
    replayed: false,
  };
}

function saw(at: number, events: readonly StoredEvent[]): NoteThat<'saw'> {
  return { is: 'saw', at, reader: 'primary', events: events.map(({ position, hash }) => [position, hash]) };
}

/** The first note of a kind, or the one about this append. */
function noted(notes: Map<string, Note[]>, is: Note['is'], append?: string): Note {
  const found = [...notes.values()]
    .flat()
    .find((note) => note.is === is && (append === undefined || ('append' in note && note.append === append)));
  if (found === undefined) throw new Error(`There is no note of ${is}`);
  return found;
}
