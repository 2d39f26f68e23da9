import type { Differences, DifferenceSample } from '../projections/differences.js';

const WORDS: Readonly<Record<DifferenceSample['kind'], string>> = {
  missing: 'is missing',
  extra: 'should not be there',
  different: 'differs',
};

/** Differences in words, one a line, indented. Which fields differ is told, not what they hold. */
export function describeDifferences({ missing, extra, different, samples }: Differences): string[] {
  return [
    `    missing    ${missing}`,
    `    extra      ${extra}`,
    `    different  ${different}`,
    ...samples.map(
      ({ kind, id, fields }) =>
        `    e.g. ${id} ${WORDS[kind]}${fields === undefined ? '' : ` in ${fields.join(', ')}`}`,
    ),
  ];
}
