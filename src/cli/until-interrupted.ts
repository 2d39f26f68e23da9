/** Someone at the terminal has had enough. */
class Interrupted extends Error {}

/**
 * Runs `work` with a signal that Ctrl-C (or SIGTERM) raises, so that it can end in order. A second Ctrl-C ends
 * the process at once.
 * @returns false where it was interrupted
 */
export async function untilInterrupted(work: (signal: AbortSignal) => Promise<void>): Promise<boolean> {
  const controller = new AbortController();
  const interrupt = (): void => {
    stopListening();
    controller.abort(new Interrupted());
  };
  const stopListening = (): void => {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
  };
  process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  try {
    await work(controller.signal);
    return true;
  } catch (error) {
    if (error instanceof Interrupted) return false;
    throw error;
  } finally {
    stopListening();
  }
}
