import { setTimeout as sleep } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import { ClaimTaken, VersionConflict } from '../event-log/errors.js';
import type { EventLog } from '../event-log/event-log.js';
import type { StoredAlongside } from '../event-log/append/append-request.js';
import type { FamilyState } from './domain/state.js';
import type { IdempotencyKeys } from '../idempotency/idempotency-keys.js';
import type { FamilyKeys } from '../privacy/family-keys.js';
import { FamilyChanged, type CommandContext } from './command-context.js';
import type { FamilyCommand } from './domain/commands.js';
import { decide } from './domain/decide.js';
import { EmailAlreadyClaimed } from './domain/errors.js';
import type { FamilyEvent } from './domain/events.js';
import { evolve, initialState } from './domain/state.js';
import { familyStream, toNewEvent } from './family-stream.js';
import { loadFamily, type LoadedFamily } from './load-family.js';

/** Another command came first this often: then somebody writes to this one family without a pause. */
const MAX_CONFLICTS = 20;

/** What commands are carried out with. */
export interface FamilyStore {
  log: EventLog;
  keys: FamilyKeys;
  idempotencyKeys: IdempotencyKeys;
}

/** The family a command is for. */
export interface CommandTarget {
  family: string;
  isNew: boolean;
  /** See `AppendRequest`; asked when the append is ready. */
  waitForCompanyMs?: () => number;
}

/** The commands for a family as it was found; called again when the family changed in between. */
export type Plan = (family: LoadedFamily) => FamilyCommand[] | Promise<FamilyCommand[]>;

/** The family after a command, and what the command changed. */
export interface CommandOutcome {
  family: LoadedFamily;
  changes: readonly FamilyEvent[];
  /** An earlier call with the same idempotency key did it; this is that call's answer. */
  replayed: boolean;
}

/**
 * load → decide → append. A command that lost a race against another is decided again on what is there now.
 * @throws what `decide` and `EventLog.append` refuse, FamilyChanged, EmailAlreadyClaimed
 */
export async function carryOut(
  store: FamilyStore,
  target: CommandTarget,
  context: CommandContext,
  plan: Plan,
): Promise<CommandOutcome> {
  for (let conflicts = 0; ; conflicts += 1) {
    const before = target.isNew
      ? newFamily(target.family)
      : await loadFamily(store.log, store.keys, target.family);
    if (context.requires !== undefined && !context.requires(before.state, before.version))
      throw new FamilyChanged();
    const changes = decideAll(await plan(before), before);
    try {
      const family = await appendChanges(store, before, changes, context, target.waitForCompanyMs?.() ?? 0);
      return { family, changes, replayed: false };
    } catch (error) {
      if (error instanceof ClaimTaken) throw new EmailAlreadyClaimed();
      if (!(error instanceof VersionConflict) || conflicts >= MAX_CONFLICTS) throw error;
      await sleep(Math.random() * 10);
    }
  }
}

function newFamily(id: string): LoadedFamily {
  return { id, state: initialState, version: 0, position: 0, key: null };
}

/** Several commands of one request are one append: each is decided on what the one before it left. */
function decideAll(commands: readonly FamilyCommand[], before: LoadedFamily): FamilyEvent[] {
  let { state, version } = before;
  const changes: FamilyEvent[] = [];
  for (const command of commands) {
    for (const event of decide(command, state)) {
      version += 1;
      state = evolve(state, event, { at: command.now, version });
      changes.push(event);
    }
  }
  return changes;
}

/** Stores the changes with what belongs to them, and returns the family as it is then. */
async function appendChanges(
  { log, keys, idempotencyKeys }: FamilyStore,
  before: LoadedFamily,
  changes: readonly FamilyEvent[],
  context: CommandContext,
  waitForCompanyMs: number,
): Promise<LoadedFamily> {
  const { id, version: expectedVersion } = before;
  const stream = familyStream(id);
  const alongside: StoredAlongside[] = [];
  if (context.idempotencyKey !== null) {
    const place = { stream, fromVersion: expectedVersion, version: expectedVersion + changes.length };
    const record = idempotencyKeys.record(context.idempotencyKey, place, context.now);
    if (changes.length === 0) await idempotencyKeys.insertAlone(record);
    alongside.push({ collection: 'idempotency_keys', document: { ...record } });
  }
  if (changes.length === 0) return before;

  let { key } = before;
  if (key === null) {
    const created = keys.create(id, context.now);
    alongside.push(created.alongside);
    ({ key } = created);
  }
  const dataKey = key;
  const appended = await log.append({
    stream,
    expectedVersion,
    events: changes.map((event, index) => toNewEvent(id, expectedVersion + 1 + index, dataKey, event)),
    meta: {
      actor: context.actor ?? actorOf(changes),
      commandId: uuidv7(),
      correlationId: context.correlationId,
      causationId: context.causationId,
    },
    now: context.now,
    alongside,
    waitForCompanyMs,
  });
  return {
    id,
    key,
    state: foldChanges(before, changes, appended.at),
    version: appended.version,
    position: appended.position,
  };
}

/** Whoever registers a family is its first member, and so the author of that. */
function actorOf(changes: readonly FamilyEvent[]): string {
  const [first] = changes;
  if (first?.type !== 'FamilyRegistered') throw new RangeError(`${first?.type} has no author`);
  return `member:${first.data.ownerId}`;
}

function foldChanges(before: LoadedFamily, changes: readonly FamilyEvent[], at: Date): FamilyState {
  return changes.reduce<FamilyState>(
    (state, event, index) => evolve(state, event, { at, version: before.version + 1 + index }),
    before.state,
  );
}
