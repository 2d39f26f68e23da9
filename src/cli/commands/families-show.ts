import { UserFacingError } from '../../config/user-facing-error.js';
import { isRegistered } from '../../families/domain/state.js';
import { familyStream } from '../../families/family-stream.js';
import { loadFamily, loadFamilyAsOf } from '../../families/load-family.js';
import { familyIdFor, noSuchFamily } from '../find-family.js';
import { parseTime, wholeNumber } from '../parse-argument.js';
import type { Terminal } from '../terminal.js';
import { openFamilyKeys, withLog, type OpenLog } from '../with-log.js';

export interface ShowOptions {
  asOf?: string;
  json?: boolean;
}

/** A moment of the log: a time, or a position. */
type Moment = { time: Date } | { position: number };

/** `families show` */
export async function showFamily(
  terminal: Terminal,
  wanted: string,
  { asOf, json }: ShowOptions,
): Promise<void> {
  const moment = asOf === undefined ? null : parseMoment(asOf);
  await withLog(terminal, { as: 'auditor', json }, async (open) => {
    const keys = await openFamilyKeys(open);
    const id = await familyIdFor(open, wanted);
    const toVersion = moment === null ? undefined : await versionAt(open, id, moment);
    const { state, version, position } =
      toVersion === undefined
        ? await loadFamily(open.log, keys, id)
        : (await loadFamilyAsOf(open.log, keys, id, toVersion)).family;
    if (!isRegistered(state)) throw noSuchFamily(wanted);
    const { emailAsTyped: email, name, locale, status, members, createdAt } = state;
    const asked = asOf === undefined ? {} : { asOf };
    const family = { id, ...asked, email, name, locale, status, createdAt, version, position, members };
    terminal.answer(json, family, () => [
      `${name} (${status})${asOf === undefined ? '' : `, as of ${asOf}`}`,
      `  id          ${id}`,
      `  email       ${email}`,
      `  locale      ${locale}`,
      `  registered  ${createdAt.toISOString()}`,
      `  version     ${version}, position ${position} in the log`,
      '  members',
      ...members.map(
        ({ id: member, role, nickname, birthYear }) =>
          `    ${role.padEnd(6)}  ${nickname ?? '(no nickname)'}${birthYear === null ? '' : `, ${birthYear}`}  ${member}`,
      ),
    ]);
  });
}

function parseMoment(text: string): Moment {
  return /^\d+$/.test(text)
    ? { position: wholeNumber(text, 'The position') }
    : { time: parseTime(text, '--as-of') };
}

/** The version the family had then. @throws UserFacingError before it was registered, and past the log's end */
async function versionAt({ log }: OpenLog, id: string, moment: Moment): Promise<number> {
  const events = await log.readStream(familyStream(id));
  const [first] = events;
  if (first === undefined) throw noSuchFamily(id);
  if ('position' in moment) {
    const { position: head } = await log.head();
    if (moment.position > head) throw new UserFacingError(`The log ends at position ${head}.`);
  }
  const isIn = ({ position, at }: { position: number; at: Date }): boolean =>
    'position' in moment ? position <= moment.position : at <= moment.time;
  // Neither positions nor times ever go back.
  const version = events.filter(isIn).length;
  if (version > 0) return version;
  throw new UserFacingError(
    `The family ${id} was not there yet: it was registered at ${first.at.toISOString()}, position ${first.position}.`,
  );
}
