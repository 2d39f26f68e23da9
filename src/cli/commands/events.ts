import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { UserFacingError } from '../../config/user-facing-error.js';
import type { RecordedEvent } from '../../event-log/event.js';
import { familyOf, toFamilyEvent } from '../../families/family-stream.js';
import type { FamilyKeys } from '../../privacy/family-keys.js';
import { wholeNumber } from '../parse-argument.js';
import type { Terminal } from '../terminal.js';
import { openFamilyKeys, withLog } from '../with-log.js';

/** How often `--follow` looks for more, in milliseconds. */
const FOLLOW_EVERY_MS = 500;

interface EventOptions {
  json?: boolean;
  personal?: boolean;
}

interface TailOptions extends EventOptions {
  count: string;
  follow?: boolean;
}

/** `events tail`, `events show` */
export function addEventsCommands(program: Command, terminal: Terminal): void {
  const events = program.command('events').description('Look at the log.');
  events
    .command('tail')
    .option('-n, --count <events>', 'how many of the last events', '10')
    .option('-f, --follow', 'go on with every event that is appended, until Ctrl-C')
    .option('--personal', 'open what is sealed: personal data is shown in the clear')
    .option('--json', 'print one JSON value per line')
    .description('Show the last events.')
    .action((options: TailOptions) => tail(terminal, options));
  events
    .command('show')
    .argument('<position>', 'place in the log, from 1')
    .option('--personal', 'open what is sealed: personal data is shown in the clear')
    .option('--json', 'print JSON')
    .description('Show one event with everything that is known of it.')
    .action((position: string, options: EventOptions) => show(terminal, position, options));
}

async function tail(terminal: Terminal, options: TailOptions): Promise<void> {
  const count = wholeNumber(options.count, '--count');
  await withLog(terminal, { as: userFor(options), json: options.json }, async (open) => {
    const keys = options.personal === true ? await openFamilyKeys(open) : null;
    let position = Math.max(0, (await open.log.head()).position - count);
    let following = options.follow === true;
    const stop = (): void => void (following = false);
    if (following) terminal.endWhenStopped(stop);
    do {
      for await (const page of open.log.readLog({ after: position })) {
        for (const event of page) {
          const shown = await view(event, keys);
          terminal.print(options.json === true ? JSON.stringify(shown) : line(event, shown.personal));
          ({ position } = event);
        }
      }
      if (following) await sleep(FOLLOW_EVERY_MS);
    } while (following);
  });
}

async function show(terminal: Terminal, text: string, options: EventOptions): Promise<void> {
  const position = wholeNumber(text, 'The position');
  await withLog(terminal, { as: userFor(options), json: options.json }, async (open) => {
    const { position: head } = await open.log.head();
    if (position < 1 || position > head) {
      throw new UserFacingError(`There is no event at position ${position}; the log ends at ${head}.`);
    }
    const keys = options.personal === true ? await openFamilyKeys(open) : null;
    for await (const [event] of open.log.readLog({ after: position - 1, upTo: position })) {
      if (event !== undefined) terminal.print(JSON.stringify(await view(event, keys), null, 2));
    }
  });
}

/** Whoever does not ask for personal data uses a connection that could not read the keys. */
function userFor({ personal }: EventOptions): 'auditor' | 'reader' {
  return personal === true ? 'auditor' : 'reader';
}

async function view(
  event: RecordedEvent,
  keys: FamilyKeys | null,
): Promise<Record<string, unknown> & { personal?: object }> {
  const { sealed, hash, ...rest } = event;
  return {
    ...rest,
    ...(sealed === undefined ? {} : { sealed: `${sealed.length} bytes` }),
    ...(keys === null || sealed === undefined ? {} : { personal: await openSealed(event, keys) }),
    hash: hash.toString('hex'),
  };
}

async function openSealed(event: RecordedEvent, keys: FamilyKeys): Promise<object> {
  const family = familyOf(event.stream);
  const key = family === null ? null : await keys.find(family);
  if (key === null) return { unreadable: 'the key of this family is gone' };
  const { personal } = toFamilyEvent(event, key);
  // A hash is of no use to a reader, and of some to a thief.
  return 'passwordHash' in personal ? { ...personal, passwordHash: '(not shown)' } : personal;
}

function line({ position, at, type, stream, version, data, meta }: RecordedEvent, personal?: object): string {
  const details = { ...data, ...personal };
  const shown = Object.keys(details).length === 0 ? '' : ` ${JSON.stringify(details)}`;
  return `${position}  ${at.toISOString()}  ${type}  ${stream}/${version}  by ${meta.actor}${shown}`;
}
