import { rollBack } from '../../projections/rebuild/rollback.js';
import { describeView } from '../describe-view.js';
import { tellProgress } from '../tell-progress.js';
import type { Terminal } from '../terminal.js';
import { projectionNamed, withProjections } from '../with-projections.js';
import { howMany } from '../how-many.js';

/** `projections rollback` */
export async function rollBackProjection(terminal: Terminal, name: string, json?: boolean): Promise<void> {
  const projection = projectionNamed(name);
  await withProjections(terminal, { as: 'service', json }, async ({ engine }) => {
    const reporter = terminal.reporter(json);
    const onProgress = tellProgress(reporter, name, { comparing: 'documents' });
    const report = await rollBack(engine, projection, onProgress);
    const { generation, documents, events, position, seconds } = report;
    terminal.answer(json, report, () => [
      `${name}: generation ${generation} is live again, caught up and certified in ${seconds.toFixed(1)} s: ` +
        `${howMany(documents, 'document')} of ${howMany(events, 'event')}, up to position ${position}.`,
      ...describeView(name, report),
      `  Undo: "family-accounts projections rollback ${name}".`,
    ]);
  });
}
