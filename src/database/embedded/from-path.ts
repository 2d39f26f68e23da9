import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Candidates, SearchContext } from './mongod-source.js';

/** Every executable `mongod` on PATH, in its order. */
export async function fromPath({ env }: SearchContext): Promise<Candidates> {
  const binaries: string[] = [];
  for (const folder of (env.PATH ?? '').split(delimiter).filter((part) => part !== '')) {
    const binary = join(folder, 'mongod');
    await access(binary, constants.X_OK).then(
      () => binaries.push(binary),
      () => undefined,
    );
  }
  return binaries.length > 0 ? { binaries } : { none: 'no mongod on PATH' };
}
