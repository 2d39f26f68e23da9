import fc from 'fast-check';

/** What a client may ask for. Families are named by the address they hold: whoever asks does not know who made them. */
export type Command = {
  id: string;
  /** The `Idempotency-Key`; without one a command is asked once, and never again. */
  key: string | null;
} & (
  | { do: 'register'; email: string }
  | { do: 'change'; email: string; intents: Intent[] }
  /** An append decided on a version that the family does not have; the log has to refuse it. */
  | { do: 'append beside'; email: string; off: -1 | 1 }
  | { do: 'look'; email: string }
);

/** What one request may ask of a family; several become one append. */
type Intent =
  | { type: 'RenameFamily'; familyName: string }
  | { type: 'ChangeLocale'; locale: string }
  | { type: 'AddMember'; memberId: string; role: 'child'; nickname: string }
  | { type: 'RenameMember'; memberId: string; nickname: string }
  | { type: 'RemoveMember'; memberId: string }
  | { type: 'CloseFamily' }
  | { type: 'ReopenFamily' };

/** Few enough that everybody wants the same ones. */
const CONTESTED = 24;
/** Every so many commands all writers ask for the same, under the same key, at about the same time. */
const SHARED_EVERY = 8;

const contested = fc.nat(CONTESTED - 1).map((which) => `contested-${which}@example.org`);
const MEMBERS = 5;
const name = fc.nat(4).map((which) => `Name ${which}`);

/** What may be asked of the family that holds `email`; no two families have members of one id. */
function intentFor(email: string): fc.Arbitrary<Intent> {
  const memberId = fc.nat(MEMBERS - 1).map((which) => `${email}/${which}`);
  return fc.oneof(
    { weight: 8, arbitrary: fc.record({ type: fc.constant('RenameFamily' as const), familyName: name }) },
    {
      weight: 3,
      arbitrary: fc.record({
        type: fc.constant('ChangeLocale' as const),
        locale: fc.constantFrom('en', 'es-ES', 'de'),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({
        type: fc.constant('AddMember' as const),
        memberId,
        role: fc.constant('child' as const),
        nickname: name,
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ type: fc.constant('RenameMember' as const), memberId, nickname: name }),
    },
    { weight: 4, arbitrary: fc.record({ type: fc.constant('RemoveMember' as const), memberId }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('CloseFamily' as const) }) },
    { weight: 6, arbitrary: fc.record({ type: fc.constant('ReopenFamily' as const) }) },
  );
}

/** A command, to be given its id. Where `email` is null the address is one that nobody else asks for. */
function commandFor(
  email: fc.Arbitrary<string | null>,
  hasKey: fc.Arbitrary<boolean>,
): fc.Arbitrary<(id: string) => Command> {
  const keyOf = (id: string, has: boolean): string | null => (has ? `key-${id}` : null);
  return fc.oneof(
    {
      weight: 5,
      arbitrary: fc.tuple(email, hasKey).map(([address, has]) => (id: string): Command => ({
        id,
        key: keyOf(id, has),
        do: 'register',
        email: address ?? `${id}@example.org`,
      })),
    },
    {
      weight: 8,
      arbitrary: contested
        .chain((address) =>
          fc.tuple(
            fc.constant(address),
            hasKey,
            fc.array(intentFor(address), { minLength: 1, maxLength: 3 }),
          ),
        )
        .map(([address, has, intents]) => (id: string): Command => ({
          id,
          key: keyOf(id, has),
          do: 'change',
          email: address,
          intents,
        })),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(contested, fc.constantFrom(-1 as const, 1 as const))
        .map(([address, off]) => (id: string): Command => ({
          id,
          key: null,
          do: 'append beside',
          email: address,
          off,
        })),
    },
    {
      weight: 2,
      arbitrary: contested.map((address) => (id: string): Command => ({
        id,
        key: null,
        do: 'look',
        email: address,
      })),
    },
  );
}

const ownOrContested = fc.oneof(
  { weight: 3, arbitrary: fc.constant(null) },
  { weight: 1, arbitrary: contested },
);

/** Plans of as many commands for each writer. Some commands are in all of them: asked by all, to be done once. */
export function commandPlans(writers: number, commands: number): fc.Arbitrary<Command[][]> {
  const exactly = (length: number) => ({ minLength: length, maxLength: length, size: 'max' as const });
  // Without a key it would be four commands.
  const shared = fc.array(
    commandFor(contested, fc.constant(true)),
    exactly(Math.ceil(commands / SHARED_EVERY)),
  );
  const own = fc.array(
    commandFor(
      ownOrContested,
      fc.nat(9).map((dice) => dice < 8),
    ),
    exactly(commands),
  );
  return fc
    .tuple(shared, fc.array(own, exactly(writers)))
    .map(([common, each]) =>
      each.map((plan, writer) =>
        plan.map((command, index) =>
          index % SHARED_EVERY === 0
            ? common[index / SHARED_EVERY]!(`all-${index}`)
            : command(`${writer}-${index}`),
        ),
      ),
    );
}
