import type { Output } from './log.js';
import { exitCodeOfSignal, type Signals } from './signals.js';

/** Something that runs until it is closed. */
export interface Running {
  readonly output: Output;
  /** Drains, then stops. Resolves when nothing is left. */
  close(): Promise<void>;
  /**
   * Reads again what can be read again, and logs that. Rejects with one clear line that names what is broken; then everything stays
   * as it was.
   */
  reload(): Promise<void>;
  /** Calls `onChange` when something has changed that `reload` would read. Until the process ends. */
  watch?(onChange: () => void): void;
}

/**
 * Lives from the start to the end of the process:
 *
 *     SIGHUP, a changed file      -> reload, one after the other
 *     SIGINT, SIGTERM             -> close -> exit 0
 *     a second one of them        -> exit 1, whatever is open
 *     the log has no reader       -> as SIGTERM
 */
export function liveUntilSignal(
  { output: { log, lost }, close, reload, watch }: Running,
  signals: Signals,
  fail: (reason: unknown) => void,
): void {
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    close().then(() => process.exit(0), fail);
  };
  const reloadOnce = oneAtATime(async () => {
    if (stopping) return;
    try {
      await reload();
    } catch (reason) {
      log.error({ problem: (reason as Error).message }, 'the reload failed, everything stays as it was');
    }
  });
  signals.serve({
    stop(signal) {
      log.info({ signal }, 'stopping');
      stop();
    },
    stopNow(signal) {
      log.warn({ signal }, 'stopping at once');
      process.exit(1);
    },
    reload: reloadOnce,
  });
  watch?.(reloadOnce);
  void lost.then(() => {
    process.stderr.write('sluice: the log has no reader any more, so the process stops\n');
    stop();
  });
}

/** What ends by itself, or early when it is asked to. */
interface Ending {
  readonly done: Promise<number>;
  interrupt(): void;
}

/**
 * Waits for the end of a command, and resolves with its exit code. SIGINT and SIGTERM end it early, with the exit code that shells give to them; a second one
 * ends the process at once. Rejects as `done` does.
 */
export async function untilDone({ done, interrupt }: Ending, signals: Signals): Promise<number> {
  let asked: number | undefined;
  signals.serve({
    stop(signal) {
      asked = exitCodeOfSignal(signal);
      interrupt();
    },
    stopNow: (signal) => process.exit(exitCodeOfSignal(signal)),
    reload() {},
  });
  const code = await done;
  return asked ?? code;
}

/** Asked while it runs, it runs once more afterwards, however often it was asked. */
function oneAtATime(work: () => Promise<void>): () => void {
  let running = false;
  let again = false;
  const run = async () => {
    running = true;
    do {
      again = false;
      await work();
    } while (again);
    running = false;
  };
  return () => {
    again = true;
    if (!running) void run();
  };
}
