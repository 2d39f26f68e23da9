import { readHead } from '../../event-log/read/read-log.js';
import type { ProjectionEngine } from '../engine.js';
import { liveGeneration, type ProjectionStatus } from '../generations/status.js';
import { lagBehind } from '../inspect/overview.js';
import { QUARANTINE_COLLECTION } from '../quarantine/quarantine.js';

/** The first event that a projection lacks may be this old, in seconds: runners need less than one. */
const BEHIND_SECONDS = 30;

/** Something about a projection that reads suffer from. */
export interface ProjectionAlarm {
  kind:
    | 'projection-not-built'
    | 'projection-of-newer-code'
    | 'projection-stopped'
    | 'projection-behind'
    | 'projection-quarantine';
  projection: string;
}

type LookedAt = ProjectionStatus & {
  /** At most one: whether there is any is what matters, however many there are. */
  parked: unknown[];
};

/**
 * What is wrong with the projections of this code: no generation of its version is live, or the live one stopped at
 * an event that only newer code can read, does not get any further for another reason, or does not follow some
 * streams. One read of a few documents, one of the head, and one of an event for each projection that is not there yet.
 * @throws LogDamaged where the head is missing
 */
export async function projectionAlarms(engine: ProjectionEngine, now: Date): Promise<ProjectionAlarm[]> {
  const { statuses, projections } = engine;
  const found = await statuses
    .aggregate<LookedAt>([
      { $match: { _id: { $in: projections.map(({ name }) => name) } } },
      { $lookup: PARKED_IN_LIVE_GENERATION },
    ])
    .toArray();
  // After the statuses: none of them is beyond it.
  const { position: head } = await readHead(engine.log);
  const byName = new Map(found.map((status) => [status._id, status]));
  const alarms = projections.map(async ({ name, version }): Promise<ProjectionAlarm[]> => {
    const status = byName.get(name);
    const live = liveGeneration(status ?? null)?.generation;
    const kinds: ProjectionAlarm['kind'][] = [];
    if (live === undefined || live.version < version) kinds.push('projection-not-built');
    else if (live.version > version) kinds.push('projection-of-newer-code');
    else if (status?.stopped !== undefined) kinds.push('projection-stopped');
    else if ((await lagBehind(engine, Number(live.checkpoint), head, now)).seconds > BEHIND_SECONDS) {
      kinds.push('projection-behind');
    }
    if ((status?.parked ?? []).length > 0) kinds.push('projection-quarantine');
    return kinds.map((kind) => ({ kind, projection: name }));
  });
  return (await Promise.all(alarms)).flat();
}

const PARKED_IN_LIVE_GENERATION = {
  from: QUARANTINE_COLLECTION,
  let: {
    projection: '$_id',
    generation: { $cond: [{ $eq: ['$live', 'a'] }, '$slots.a.generation', '$slots.b.generation'] },
  },
  pipeline: [
    {
      $match: {
        $expr: {
          $and: [{ $eq: ['$projection', '$$projection'] }, { $eq: ['$generation', '$$generation'] }],
        },
      },
    },
    { $limit: 1 },
    { $project: { _id: 1 } },
  ],
  as: 'parked',
};
