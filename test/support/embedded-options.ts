import { loadConfiguration } from '../../src/config/configuration.js';
import { silentReporter, type Reporter } from '../../src/config/reporter.js';
import type { StartOptions } from '../../src/database/embedded/start-options.js';

/** How the service would start the embedded MongoDB of this folder, with these variables beside the test's own. */
export function embeddedOptions(
  dataDir: string,
  env: NodeJS.ProcessEnv = {},
  reporter: Reporter = silentReporter,
): StartOptions {
  const all = { ...process.env, ...env, DATA_DIR: dataDir };
  return { configuration: loadConfiguration(all), env: all, reporter };
}
