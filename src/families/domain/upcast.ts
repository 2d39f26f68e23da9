import { UnknownEventShape } from './errors.js';

/** What an event holds, in whatever shape it was stored. */
export interface EventShape {
  readonly data: Readonly<Record<string, unknown>>;
  readonly personal: Readonly<Record<string, unknown>>;
}

/** Makes one shape of an event into the next one. Pure; the stored bytes stay as they are (P2). */
export type Upcaster = (shape: EventShape) => EventShape;

/** By type and by the schema number they lift from: an entry under 1 makes 2 of it. */
export type Upcasters = Readonly<Record<string, Readonly<Record<number, Upcaster>>>>;

/** Every old shape that was ever stored. A changed shape gets the next number, and its entry here. */
export const familyUpcasters: Upcasters = {};

/**
 * An event of schema number `stored` in the shape of number `current`, step by step.
 * @throws UnknownEventShape for a number that this code does not know, or a step that is missing
 */
export function upcast(
  upcasters: Upcasters,
  type: string,
  { stored, current }: { stored: number; current: number },
  shape: EventShape,
): EventShape {
  if (stored > current || stored < 1) throw new UnknownEventShape(type, stored);
  let lifted = shape;
  for (let schema = stored; schema < current; schema += 1) {
    const step = Object.hasOwn(upcasters, type) ? upcasters[type]?.[schema] : undefined;
    if (step === undefined) throw new UnknownEventShape(type, stored);
    lifted = step(lifted);
  }
  return lifted;
}
