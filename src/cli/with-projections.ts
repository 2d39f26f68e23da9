import { FamilyEventDecoder } from '../families/read-models/family-event-decoder.js';
import { readModels } from '../families/read-models/index.js';
import { isFamilyEventType } from '../families/domain/events.js';
import { ProjectionEngine, UnknownProjection } from '../projections/engine.js';
import type { EventDecoder } from '../projections/event-decoder.js';
import type { Projection } from '../projections/projection.js';
import { UsageError } from './exit-code.js';
import type { Terminal } from './terminal.js';
import { openFamilyKeys, withLog, type OpenLog } from './with-log.js';

/** For commands that look at projections and open no event: they need no key, and may not even read one. */
export const opensNothing: EventDecoder = {
  knows: isFamilyEventType,
  decode: () => Promise.reject(new TypeError('This command opens no events')),
};

/** The projections as one database user sees them. */
export interface OpenProjections extends OpenLog {
  engine: ProjectionEngine;
}

/**
 * Runs `work` on the projections: as `reader`, which sees states and documents and no key; as `auditor`, which
 * can open every event and write nothing; or as `service`, which builds them.
 */
export function withProjections(
  terminal: Terminal,
  { as, json }: { as: 'reader' | 'auditor' | 'service'; json?: boolean | undefined },
  work: (open: OpenProjections) => Promise<void>,
): Promise<void> {
  return withLog(terminal, { as, json }, async (open) => {
    const decoder = as === 'reader' ? opensNothing : new FamilyEventDecoder(await openFamilyKeys(open));
    const engine = new ProjectionEngine(open.collections, open.database.name, readModels, decoder);
    await work({ ...open, engine });
  });
}

/** The projection of this name. @throws UsageError that names those there are */
export function projectionNamed(name: string): Projection {
  const found = readModels.find((projection) => projection.name === name);
  if (found === undefined) throw new UsageError(new UnknownProjection(name, readModels).message);
  return found;
}

/** The one that is named, or all. @throws UsageError where not exactly one of the two is asked for */
export function chooseProjections(name: string | undefined, all: boolean | undefined): readonly Projection[] {
  if ((name === undefined) === (all !== true)) {
    const names = readModels.map((projection) => projection.name).join(', ');
    const what =
      name === undefined ? 'Name a projection, or add --all' : 'Name a projection or say --all, not both';
    throw new UsageError(`${what}; there are ${names}`);
  }
  return name === undefined ? readModels : [projectionNamed(name)];
}
