import type { mongo } from 'mongoose';
import { families, searchName, type FamilyDocument } from '../../families/read-models/families.js';
import type { StoredDocument } from '../../projections/documents.js';
import { quickPopulationOf } from '../../projections/inspect/population.js';
import { LiveSlots } from '../../projections/read/live-slot.js';
import { UsageError } from '../exit-code.js';
import { canonicalEmail } from '../find-family.js';
import { parseTime, wholeNumber } from '../parse-argument.js';
import type { Terminal } from '../terminal.js';
import { withProjections } from '../with-projections.js';
import { howMany } from '../how-many.js';

export interface ListOptions {
  email?: string;
  name?: string;
  status?: 'open' | 'closed';
  since?: string;
  limit: string;
  json?: boolean;
}

/** A family as the read model holds it. */
type ListedFamily = FamilyDocument & { _id: string; position: mongo.Long };

/** `families list` */
export async function listFamilies(terminal: Terminal, options: ListOptions): Promise<void> {
  const { json } = options;
  const limit = wholeNumber(options.limit, '--limit');
  if (limit === 0) throw new UsageError('--limit must be 1 or more');
  const filter = toFilter(options);
  await withProjections(terminal, { as: 'reader', json }, async ({ engine }) => {
    // From the slot: a view that somebody dropped would answer that there is no family.
    const documents = await new LiveSlots(engine).documents(families.name);
    const found = await documents
      .find<ListedFamily>(filter, { sort: { registeredAt: -1, _id: -1 }, limit: limit + 1 })
      .toArray();
    const population = await quickPopulationOf(engine, families.name);
    const expected = population?.expected ?? 0;
    const counted = population?.counted ?? 0;
    const listed = found.slice(0, limit).map(toListed);
    const more = found.length > limit;
    terminal.answer(json, { families: listed, more, complete: expected === counted }, () => [
      ...listed.map(
        ({ id, registeredAt, status, name, email, members }) =>
          `${id}  ${registeredAt.toISOString()}  ${status.padEnd(6)}  ${name}  <${email}>  ${howMany(members, 'member')}`,
      ),
      ...(listed.length === 0 ? ['No family is like that.'] : []),
      ...(more ? [`There are more than ${limit}: narrow it down, or ask for more with --limit.`] : []),
      ...(expected === counted
        ? []
        : [
            `This list is not to be relied on: the read model holds ${howMany(counted, 'family', 'families')}, and the log tells of ` +
              `${expected}. Run "family-accounts projections rebuild families".`,
          ]),
    ]);
  });
}

/** An empty filter is none. */
function toFilter({ email = '', name = '', status, since = '' }: ListOptions): mongo.Filter<StoredDocument> {
  const filter: mongo.Filter<StoredDocument> = {};
  if (email !== '') filter['email'] = canonicalEmail(email);
  if (name !== '') filter['searchName'] = { $regex: escaped(searchName(name)) };
  if (status !== undefined) filter['status'] = status;
  if (since !== '') filter['registeredAt'] = { $gte: parseTime(since, '--since') };
  return filter;
}

/** Every character for itself: what is searched for is text, not a pattern. */
function escaped(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`);
}

function toListed(document: ListedFamily) {
  const { _id: id, emailAsTyped: email, name, status, locale, members, registeredAt, closedAt } = document;
  return { id, email, name, status, locale, members, registeredAt, closedAt };
}
