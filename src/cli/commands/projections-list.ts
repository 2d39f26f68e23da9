import { describeSeconds } from '../../config/pace.js';
import { overviewOf, type ProjectionOverview } from '../../projections/inspect/overview.js';
import type { Terminal } from '../terminal.js';
import { withProjections } from '../with-projections.js';
import { howMany } from '../how-many.js';

/** `projections list` */
export async function listProjections(terminal: Terminal, json?: boolean): Promise<void> {
  await withProjections(terminal, { as: 'reader', json }, async ({ engine }) => {
    const now = new Date();
    const overviews = await Promise.all(
      engine.projections.map((projection) => overviewOf(engine, projection, now)),
    );
    terminal.answer(json, { projections: overviews }, () => overviews.flatMap(describe));
  });
}

function describe(overview: ProjectionOverview): string[] {
  const { projection, state, reason, live, kept, rebuild, quarantined } = overview;
  const lines = [`${projection}: ${state}${reason === null ? '' : ` (${reason})`}`];
  if (live !== null) {
    lines.push(
      `  generation  ${live.generation}, version ${live.version}, in ${projection}@${live.slot} since ${live.since.toISOString()}`,
      `  documents   ${live.documents}`,
      `  checkpoint  ${live.checkpoint}, ${describeLag(overview.lag)}`,
    );
  }
  if (quarantined > 0) {
    lines.push(
      `  quarantine  ${howMany(quarantined, 'stream')}: "family-accounts projections quarantine list ${projection}"`,
    );
  }
  if (kept !== null) {
    lines.push(`  kept        generation ${kept.generation}, version ${kept.version}, at ${kept.checkpoint}`);
  }
  if (rebuild !== null) lines.push(`  ${rebuild.what.padEnd(10)}  ${describeRebuild(rebuild)}`);
  return lines;
}

function describeLag(lag: ProjectionOverview['lag']): string {
  if (lag === null || lag.events === 0) return 'nothing behind the log';
  return `${howMany(lag.events, 'event')} behind the log, by ${describeSeconds(lag.seconds)}`;
}

function describeRebuild({
  generation,
  phase,
  startedAt,
  running,
  done,
  total,
}: NonNullable<ProjectionOverview['rebuild']>): string {
  const state = running ? 'under way' : 'left unfinished, the next one goes on with it';
  const what = phase === 'build' ? 'replaying the log' : 'catching up';
  const percent = total === 0 ? '' : `, ${Math.floor((100 * Math.min(done, total)) / total)} %`;
  return `generation ${generation}, since ${startedAt.toISOString()}: ${what}${percent}; ${state}`;
}
