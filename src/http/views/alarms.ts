import type { ProjectionAlarm } from '../../projections/read/projection-alarms.js';

/** Something that an operator has to do, or that mends itself while one watches. */
export interface Alarm {
  kind: string;
  /** Which projection it is about. */
  projection?: string;
  remedy: string;
}

export const claimsMissingAlarm: Alarm = {
  kind: 'claims-missing',
  remedy: 'Run `family-accounts claims rebuild`',
};

const remedyOf: Readonly<Record<ProjectionAlarm['kind'], (projection: string) => string>> = {
  'projection-not-built': (name) =>
    `The service is building it; if that does not end, \`family-accounts projections rebuild ${name}\` says why`,
  'projection-stopped': () =>
    'It met an event of a newer version of this service: run that version, and it goes on',
  'projection-quarantine': (name) =>
    `Look at \`family-accounts projections quarantine list ${name}\`; after a fix, retry them there`,
};

/** What is wrong with a projection, with what to do about it. */
export function projectionAlarm({ kind, projection }: ProjectionAlarm): Alarm {
  return { kind, projection, remedy: remedyOf[kind](projection) };
}
