import { Command, CommanderError } from 'commander';
import { reportFailure } from '../config/report-failure.js';
import { outliveTheTerminal } from '../config/standard-streams.js';
import { addClaimsCommands } from './commands/claims.js';
import { addDatabaseCommands } from './commands/database.js';
import { addDoctorCommand } from './commands/doctor.js';
import { addEventsCommands } from './commands/events.js';
import { addFamiliesCommands } from './commands/families.js';
import { addProjectionsCommands } from './commands/projections.js';
import { EXIT, UsageError, type ExitCode } from './exit-code.js';
import { mendable } from './mendable.js';
import { Terminal } from './terminal.js';

const EPILOGUE = `
Every command works with the service running or not; it uses the same environment variables
(DATA_DIR, MONGODB_URI, …: README.md, "Configuration").
Exit codes: 0 done, 1 findings or failure, 2 called wrongly, 130 ended by Ctrl-C.`;

/** Runs one command line and returns its exit code. Never throws. */
export async function runCommandLine(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<ExitCode> {
  let code: ExitCode = EXIT.ok;
  outliveTheTerminal();
  const program = new Command('family-accounts')
    .description('Looks after an installation of Family Accounts.')
    .addHelpText('after', EPILOGUE)
    .exitOverride()
    .showHelpAfterError('(run it with --help to see how it is called)');
  const terminal = new Terminal(env, (exit) => (code = exit));
  addFamiliesCommands(program, terminal);
  addProjectionsCommands(program, terminal);
  addEventsCommands(program, terminal);
  addClaimsCommands(program, terminal);
  addDatabaseCommands(program, terminal);
  addDoctorCommand(program, terminal);
  try {
    await program.parseAsync([...argv]);
    return code;
  } catch (error) {
    terminal.endProgress();
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\n`);
      return EXIT.usage;
    }
    process.stderr.write(reportFailure(mendable(error)));
    return EXIT.findings;
  }
}
