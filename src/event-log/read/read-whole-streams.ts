import { LogDamaged } from '../errors.js';
import type { LogCollections } from '../log-collections.js';
import { findRaw } from './raw-batch.js';
import { RawEvent } from './raw-event.js';

/** Some 3 MB of events. */
const EVENTS_PER_PAGE = 5_000;
const BY_STREAM = { stream: 1, version: 1 } as const;

/** One stream's events from the first on, in order. */
export type WholeStream = readonly RawEvent[];

/**
 * The log stream by stream, in the order of their names, by the index that keeps versions unique: whatever
 * belongs to one document comes together, however far apart in the log it was written. Events after `upTo` are
 * left out; since events never change, what is read is the log as it was at that position.
 * @param after the stream after which to go on
 * @param ahead fetch the next page while one is being worked on
 * @throws LogDamaged where a version is missing
 */
export async function* readWholeStreams(
  { events }: LogCollections,
  {
    after,
    upTo,
    eventsPerPage = EVENTS_PER_PAGE,
    ahead = true,
  }: { after: string | null; upTo: number; eventsPerPage?: number; ahead?: boolean },
): AsyncGenerator<WholeStream[]> {
  const fetch = async (from: { stream: string; version: number } | null): Promise<RawEvent[]> => {
    const min = from === null ? {} : { min: { stream: from.stream, version: from.version } };
    const { bytes, starts } = await findRaw(events, {
      ...min,
      hint: BY_STREAM,
      limit: eventsPerPage,
    });
    let before: RawEvent | undefined;
    return starts.map((start) => (before = new RawEvent(bytes, start, before)));
  };
  // The smallest string after `after`.
  let from = after === null ? null : { stream: `${after}\0`, version: 0 };
  let next: Promise<RawEvent[]> | null = null;
  let open: RawEvent[] = [];
  for (;;) {
    const page: RawEvent[] = await (next ?? fetch(from));
    const last = page.at(-1);
    if (last !== undefined) from = { stream: last.stream, version: last.version + 1 };
    next = ahead && last !== undefined ? fetch(from) : null;
    // Where this ends before it is awaited (damage, a caller that stops), its failure is nobody's.
    next?.catch(() => undefined);
    const whole: WholeStream[] = [];
    for (const event of page) {
      if (open[0] !== undefined && open[0].stream !== event.stream) {
        whole.push(upToPosition(open, upTo));
        open = [];
      }
      if (event.version !== open.length + 1) {
        throw new LogDamaged(`${event.stream} has version ${event.version} where ${open.length + 1} belongs`);
      }
      open.push(event);
    }
    if (last === undefined && open.length > 0) whole.push(upToPosition(open, upTo));
    yield whole.filter((stream) => stream.length > 0);
    if (last === undefined) return;
  }
}

/** Positions of a stream only grow: where its last one is in, all are. */
function upToPosition(stream: WholeStream, upTo: number): WholeStream {
  const isIn = ({ position }: RawEvent): boolean => position <= upTo;
  const last = stream.at(-1);
  return last !== undefined && isIn(last) ? stream : stream.filter(isIn);
}
