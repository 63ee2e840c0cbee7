import type { Readable, Writable } from 'node:stream';
import type { ProgressTerminal } from './progress.js';

/** The standard streams of a command; others in tests. */
export interface CallStreams {
  readonly input: Readable & { readonly isTTY?: boolean };
  readonly output: Writable & { readonly isTTY?: boolean };
  readonly errors: ProgressTerminal;
  /** The output may have colours: a terminal, where `NO_COLOR` is not set. Absent: it may not. */
  readonly hasColor?: boolean;
}

/** A command that ends by itself. */
export interface Errand {
  /** Its exit code. Rejects with `SettingsError` where the command line or the request is wrong. */
  readonly done: Promise<number>;
  /** Ends it early, as Ctrl-C does: `done` resolves soon. */
  interrupt(): void;
}
