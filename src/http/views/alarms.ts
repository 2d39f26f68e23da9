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
    `A start of the service builds it, and its log tells of that; otherwise run ` +
    `\`family-accounts projections rebuild ${name}\``,
  'projection-of-newer-code': (name) =>
    `A newer version of this service has built it: run that version, or, to stay with this one, ` +
    `\`family-accounts projections rollback ${name}\``,
  'projection-stopped': () =>
    'It met an event of a newer version of this service: run that version, and it goes on',
  'projection-behind': () =>
    'For half a minute nobody has brought it further: the log of the process that follows it says why',
  'projection-quarantine': (name) =>
    `Look at \`family-accounts projections quarantine list ${name}\`; after a fix, retry them there`,
};

/** What is wrong with a projection, with what to do about it. */
export function projectionAlarm({ kind, projection }: ProjectionAlarm): Alarm {
  return { kind, projection, remedy: remedyOf[kind](projection) };
}
