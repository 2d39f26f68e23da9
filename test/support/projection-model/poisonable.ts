import type { Handler, Projection } from '../../../src/projections/projection.js';

/** A read model with a mistake that comes and goes: it cannot take what happens in some streams. */
export function poisonable(projection: Projection, poisoned: ReadonlySet<string>): Projection {
  const on = Object.entries(projection.on).map(([type, handler]): [string, Handler] => [
    type,
    (document, event) => {
      if (poisoned.has(event.stream)) throw new Error('This handler has a mistake');
      return handler(document, event);
    },
  ]);
  return { ...projection, on: Object.fromEntries(on) };
}
