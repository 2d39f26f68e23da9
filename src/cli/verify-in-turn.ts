import type { ProjectionEngine } from '../projections/engine.js';
import type { Projection } from '../projections/projection.js';
import { verifyProjection, type Verification } from '../projections/verify/verify.js';
import { tellProgress } from './tell-progress.js';
import type { Terminal } from './terminal.js';

/** Verifies projections one after the other, and tells how far it is. Ctrl-C ends it: then it says where. */
export async function verifyInTurn(
  terminal: Terminal,
  engine: ProjectionEngine,
  chosen: readonly Projection[],
  json?: boolean,
): Promise<{ found: Verification[]; stoppedAt: string | null }> {
  const reporter = terminal.reporter(json);
  const found: Verification[] = [];
  const isComplete = await terminal.endingInOrder(async (signal) => {
    for (const projection of chosen) {
      signal.throwIfAborted();
      const onProgress = tellProgress(reporter, projection.name, { comparing: 'events' });
      found.push(await verifyProjection(engine, projection, { onProgress, signal }));
    }
  });
  terminal.endProgress();
  return { found, stoppedAt: isComplete ? null : (chosen[found.length]?.name ?? null) };
}

/** What is said, and shown as JSON, of one that was ended. */
export function describeStop(stoppedAt: string | null): { lines: string[]; json: { interrupted?: true } } {
  if (stoppedAt === null) return { lines: [], json: {} };
  return { lines: [`Stopped at ${stoppedAt}.`], json: { interrupted: true } };
}
