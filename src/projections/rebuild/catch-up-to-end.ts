import { readHead } from '../../event-log/read/read-log.js';
import type { ProjectionEngine } from '../engine.js';
import type { OnProgress } from '../progress.js';
import { catchUp } from '../runner/catch-up.js';
import type { OpenGeneration } from '../runner/open-generation.js';

/**
 * Brings a generation to where the log ends by now, and tells how far it has come.
 * @throws NeedsNewerCode, Fenced, LogDamaged, and what `onProgress` throws
 */
export async function catchUpToEnd(
  engine: ProjectionEngine,
  generation: OpenGeneration,
  onProgress: OnProgress,
): Promise<void> {
  const { position: head } = await readHead(engine.log);
  await catchUp(engine, generation, undefined, () => {
    onProgress('Catching up', generation.checkpoint, Math.max(head, generation.checkpoint));
  });
}
