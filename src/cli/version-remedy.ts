/** What to do where this program's version of a projection is not the one that is live. */
export function versionRemedy(projection: string, liveVersion: number, version: number): string {
  return liveVersion < version
    ? `restart the service, which builds this version; or run "family-accounts projections rebuild ${projection}"`
    : 'use the version of this program that the service runs';
}
