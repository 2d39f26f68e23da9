// Reports work to standard error as the service and its commands do: a bar, a line, a bar that is done.
import { terminalReporter } from '../../dist/config/terminal-reporter.js';

const reporter = terminalReporter();
reporter.progress('Downloading', 10_000_000, 40_000_000);
reporter.line('One finished step');
reporter.progress('Downloading', 20_000_000, 40_000_000);
reporter.progress('Downloading', 40_000_000, 40_000_000);
process.stderr.write('and then\n');
