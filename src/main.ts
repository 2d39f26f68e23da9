import 'reflect-metadata';
import { startService } from './start-service.js';
import { terminalReporter } from './config/terminal-reporter.js';
import { outliveTheTerminal } from './config/standard-streams.js';
import { reportFailure } from './config/report-failure.js';

/** `npm start`: the whole service, until it is told to stop. */
async function main(): Promise<void> {
  outliveTheTerminal();
  const reporter = terminalReporter();
  const starting = startService(process.env, reporter);
  const state = { stopping: false };
  const stop = (signal: NodeJS.Signals): void => {
    if (state.stopping) {
      reporter.line('Stopped at once; the next start takes care of what was left running');
      process.exit(130);
    }
    state.stopping = true;
    reporter.line(`${signal === 'SIGINT' ? 'Ctrl-C' : signal}: stopping (once more to stop at once)`);
    void starting
      .then((service) => service.stop())
      .then(() => process.exit(0))
      // A start that failed is reported by main; here only a stop can fail.
      .catch(fail);
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  process.on('SIGHUP', stop);
  const service = await starting;
  if (!state.stopping) service.announce();
}

function fail(error: unknown): never {
  process.stderr.write(reportFailure(error));
  process.exit(1);
}

main().catch(fail);
