/** What a running command does when it is asked from outside. */
export interface SignalHandlers {
  /** SIGINT or SIGTERM, for the first time. */
  stop(signal: NodeJS.Signals): void;
  /** One of them again: now. */
  stopNow(signal: NodeJS.Signals): void;
  /** SIGHUP. */
  reload(): void;
}

/** The exit codes that shells give to what these signals end. */
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** The exit code of a process that this signal ended, as shells have it. */
export function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return signal === 'SIGTERM' ? EXIT_CODES.SIGTERM : EXIT_CODES.SIGINT;
}

/**
 * Listens for SIGHUP, SIGINT and SIGTERM from now on, for as long as the process lives. Without it SIGHUP would kill, and a first
 * process of a container would not end on SIGTERM. Before `serve` there is nothing to drain: SIGINT and SIGTERM exit, SIGHUP is kept.
 */
export class Signals {
  #handlers: SignalHandlers | undefined;
  #reloadWanted = false;
  #stopping = false;

  constructor() {
    process.on('SIGHUP', () => {
      if (this.#handlers === undefined) this.#reloadWanted = true;
      else this.#handlers.reload();
    });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => this.#stop(signal));
  }

  /** From now on these are called; what was asked before is made up for. */
  serve(handlers: SignalHandlers): void {
    this.#handlers = handlers;
    if (this.#reloadWanted) handlers.reload();
  }

  #stop(signal: keyof typeof EXIT_CODES): void {
    if (this.#handlers === undefined) process.exit(EXIT_CODES[signal]);
    if (this.#stopping) this.#handlers.stopNow(signal);
    else this.#handlers.stop(signal);
    this.#stopping = true;
  }
}
