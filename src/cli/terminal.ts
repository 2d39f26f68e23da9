import { loadConfiguration, type Configuration } from '../config/configuration.js';
import { silentReporter, type Reporter } from '../config/reporter.js';
import { terminalReporter, type TerminalReporter } from '../config/terminal-reporter.js';
import { openDatabase, type OpenDatabase } from '../database/open-database.js';
import { readModelNames } from '../families/read-models/index.js';
import type { ExitCode } from './exit-code.js';
import { untilInterrupted } from './until-interrupted.js';

/** Someone at the terminal has had enough. */
class Interrupted extends Error {}

/** What every command is run with: environment, output, and a way to the installation. */
export class Terminal {
  private stop: (() => void) | undefined;
  private shown: TerminalReporter | undefined;

  constructor(
    readonly env: NodeJS.ProcessEnv,
    private readonly onExit: (code: ExitCode) => void,
  ) {}

  exitWith(code: ExitCode): void {
    this.onExit(code);
  }

  /** The answer, and nothing but the answer, goes to standard output. */
  print(text: string): void {
    process.stdout.write(`${text}\n`);
  }

  /** With `--json` the whole answer is one JSON value; people get `lines` instead. */
  answer(json: boolean | undefined, value: unknown, lines: () => readonly string[]): void {
    this.print(json === true ? JSON.stringify(value, null, 2) : lines().join('\n'));
  }

  /** Steps and progress go to standard error; `--json` keeps quiet. */
  reporter(json?: boolean): Reporter {
    return json === true ? silentReporter : (this.shown ??= terminalReporter());
  }

  /** Takes a progress bar off the screen that a failure has left there. */
  endProgress(): void {
    this.shown?.end();
  }

  configuration(): Configuration {
    return loadConfiguration(this.env);
  }

  /** Opens the installation's database for as long as `work` takes; a signal closes it and ends the process. */
  async withDatabase<T>(
    json: boolean | undefined,
    work: (database: OpenDatabase, configuration: Configuration) => Promise<T>,
  ): Promise<T> {
    const configuration = this.configuration();
    const opening = openDatabase(configuration, {
      reporter: quietSteps(this.reporter(json)),
      env: this.env,
      mayCreate: false,
      projections: readModelNames,
    });
    const close = async (): Promise<void> => (await opening).close();
    const working = opening.then((database) => work(database, configuration)).finally(close);
    return untilInterrupted(working, { release: close, stop: () => this.stopping() });
  }

  /**
   * Runs `work` with a signal that Ctrl-C (or SIGTERM) raises, so that it ends in order; a second one ends the
   * process at once.
   * @returns false where it was interrupted
   */
  async endingInOrder(work: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
    const controller = new AbortController();
    this.endWhenStopped(() => controller.abort(new Interrupted()));
    try {
      await work(controller.signal);
      return true;
    } catch (error) {
      if (error instanceof Interrupted) return false;
      throw error;
    }
  }

  /** The command ends by itself when `stop` is called: at the first signal, or when nobody reads any more. */
  endWhenStopped(stop: () => void): void {
    this.stop = stop;
  }

  private stopping(): boolean {
    const { stop } = this;
    if (stop === undefined) return false;
    this.stop = undefined;
    stop();
    return true;
  }
}

/** A command that starts or joins the embedded server need not tell of it; a download is worth a bar. */
function quietSteps(reporter: Reporter): Reporter {
  return { line: () => undefined, progress: (...args) => reporter.progress(...args) };
}
