import type { ProjectionEngine } from '../engine.js';
import { liveGeneration, type ProjectionStatus } from '../generations/status.js';
import { QUARANTINE_COLLECTION } from '../quarantine/quarantine.js';

/** Something about a projection that reads suffer from. */
export interface ProjectionAlarm {
  kind: 'projection-not-built' | 'projection-stopped' | 'projection-quarantine';
  projection: string;
}

type LookedAt = ProjectionStatus & {
  /** At most one: whether there is any is what matters, however many there are. */
  parked: unknown[];
};

/**
 * What is wrong with the projections of this code: no generation of its version is live, the live one stopped at
 * an event that only newer code can read, or does not follow some streams. One read of a few documents.
 */
export async function projectionAlarms({
  statuses,
  projections,
}: ProjectionEngine): Promise<ProjectionAlarm[]> {
  const found = await statuses
    .aggregate<LookedAt>([
      { $match: { _id: { $in: projections.map(({ name }) => name) } } },
      { $lookup: PARKED_IN_LIVE_GENERATION },
    ])
    .toArray();
  const byName = new Map(found.map((status) => [status._id, status]));
  return projections.flatMap(({ name, version }) => {
    const status = byName.get(name);
    const live = liveGeneration(status ?? null);
    const kinds: Record<ProjectionAlarm['kind'], boolean> = {
      'projection-not-built': live === null || live.generation.version < version,
      'projection-stopped': status?.stopped !== undefined,
      'projection-quarantine': (status?.parked ?? []).length > 0,
    };
    return Object.entries(kinds).flatMap(([kind, isSo]) =>
      isSo ? [{ kind: kind as ProjectionAlarm['kind'], projection: name }] : [],
    );
  });
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
