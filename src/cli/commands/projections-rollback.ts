import { rollBack, type RollbackReport } from '../../projections/rebuild/rollback.js';
import { describeView } from '../describe-view.js';
import { EXIT } from '../exit-code.js';
import { tellProgress } from '../tell-progress.js';
import type { Terminal } from '../terminal.js';
import { projectionNamed, withProjections } from '../with-projections.js';
import { howMany } from '../how-many.js';

/** `projections rollback` */
export async function rollBackProjection(terminal: Terminal, name: string, json?: boolean): Promise<void> {
  const projection = projectionNamed(name);
  await withProjections(terminal, { as: 'service', json }, async ({ engine }) => {
    const tell = tellProgress(terminal.reporter(json), name, { comparing: 'documents' });
    const reports: RollbackReport[] = [];
    await terminal.endingInOrder(async (signal) => {
      const report = await rollBack(engine, projection, (...at) => {
        tell(...at);
        signal.throwIfAborted();
      });
      reports.push(report);
    });
    terminal.endProgress();
    const [report] = reports;
    terminal.answer(json, report ?? { interrupted: true }, () => describe(name, report));
    if (report === undefined) terminal.exitWith(EXIT.interrupted);
  });
}

function describe(name: string, report: RollbackReport | undefined): string[] {
  if (report === undefined) {
    return [`Stopped. What is live of ${name} was not touched, and the generation before it is kept.`];
  }
  const { generation, documents, events, position, seconds } = report;
  return [
    `${name}: generation ${generation} is live again, caught up and certified in ${seconds.toFixed(1)} s: ` +
      `${howMany(documents, 'document')} of ${howMany(events, 'event')}, up to position ${position}.`,
    ...describeView(name, report),
    `  Undo: "family-accounts projections rollback ${name}".`,
  ];
}
