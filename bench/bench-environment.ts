import { configurationTable } from '../src/config/configuration.js';

/** Where the machine has its MongoDB is no matter of an installation. */
const KEPT = ['MONGOD_BINARY'];

/**
 * The environment without what names an installation: whoever exported `MONGODB_URI` and its secrets for the
 * command line does not want thousands of families registered there.
 * @param variables what a benchmark sets itself
 */
export function benchEnvironment(
  variables: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv = process.env,
): NodeJS.ProcessEnv {
  const ours = new Set(configurationTable.map(({ name }) => name).filter((name) => !KEPT.includes(name)));
  return { ...Object.fromEntries(Object.entries(env).filter(([name]) => !ours.has(name))), ...variables };
}
