import type { Switched } from '../projections/rebuild/switch-generation.js';

/** What is to be said of a view after a switch: nothing, where it shows what is live and nothing stood in its place. */
export function describeView(
  projection: string,
  { setAside, viewBehind }: Omit<Switched, 'position'>,
): string[] {
  const lines: string[] = [];
  if (setAside !== null) {
    lines.push(
      `  A plain collection stood where the view ${projection} belongs. It was set aside as ${setAside}: ` +
        'look at what is in it, then drop it.',
    );
  }
  if (viewBehind !== null) {
    lines.push(
      `  The view ${projection} does not show it yet (${viewBehind}). The service reads the new generation all the ` +
        'same, and lets the view follow as soon as it can; "family-accounts doctor" tells.',
    );
  }
  return lines;
}
