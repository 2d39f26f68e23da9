import { FamilyEventDecoder } from '../../families/read-models/family-event-decoder.js';
import { tellHistory } from '../../families/read-models/family-history.js';
import { familyStream } from '../../families/family-stream.js';
import { requireDecoded } from '../../projections/fold-stream.js';
import { familyIdFor, noSuchFamily } from '../find-family.js';
import type { Terminal } from '../terminal.js';
import { openFamilyKeys, withLog } from '../with-log.js';

/** `families history` */
export async function showHistory(terminal: Terminal, wanted: string, json?: boolean): Promise<void> {
  await withLog(terminal, { as: 'auditor', json }, async (open) => {
    const decoder = new FamilyEventDecoder(await openFamilyKeys(open));
    const id = await familyIdFor(open, wanted);
    const recorded = await open.log.readStream(familyStream(id));
    if (recorded.length === 0) throw noSuchFamily(wanted);
    const events = (await decoder.decode(recorded)).map(requireDecoded);
    const { entries, names } = tellHistory(events);
    const history = entries.map((entry) => {
      const { position = 0, actor = '' } = events[entry.version - 1] ?? {};
      return { ...entry, position, actor };
    });
    terminal.answer(json, { id, history }, () =>
      history.map(({ version, at, text, by, actor }) => {
        const who = by === null ? actor : (names[by] ?? 'a member');
        return `${String(version).padStart(4)}  ${at.toISOString()}  ${text}  (by ${who})`;
      }),
    );
  });
}
