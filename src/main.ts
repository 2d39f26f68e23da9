import 'reflect-metadata';
import { startService } from './start-service.js';
import { terminalReporter } from './config/terminal-reporter.js';
import { outliveTheTerminal } from './config/standard-streams.js';
import { reportFailure } from './config/report-failure.js';
import { onStopSignal } from './config/stop-signals.js';

/** `npm start`: the whole service, until it is told to stop. */
async function main(): Promise<void> {
  outliveTheTerminal();
  const reporter = terminalReporter();
  const stop = new AbortController();
  const starting = startService(process.env, reporter, stop.signal);
  onStopSignal((signal) => {
    if (stop.signal.aborted) {
      reporter.line('Stopped at once; the next start takes care of what was left running');
      process.exit(130);
    }
    reporter.line(`${signal === 'SIGINT' ? 'Ctrl-C' : signal}: stopping (once more to stop at once)`);
    stop.abort();
    starting.then(
      (service) => service.stop().then(() => process.exit(0), fail),
      // A start that was broken off, or failed, is reported below.
      () => undefined,
    );
  });
  try {
    const service = await starting;
    if (!stop.signal.aborted) service.announce();
  } catch (error) {
    if (!stop.signal.aborted || error !== stop.signal.reason) throw error;
    reporter.line('Stopped before the service had started');
    process.exit(0);
  }
}

function fail(error: unknown): never {
  process.stderr.write(reportFailure(error));
  process.exit(1);
}

main().catch(fail);
