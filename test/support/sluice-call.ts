import { PassThrough, Readable, Writable } from 'node:stream';
import type { Test } from 'tap';
import { runCall } from '../../bin/call/index.js';
import { CALL_COMMAND, readSettings, SettingsError } from '../../bin/options/index.js';

/** What `sluice call` has said, and how it ended. */
export interface EndedCall {
  readonly code: number;
  readonly out: string;
  readonly errors: string;
}

/** A running `sluice call` of this process. */
export interface RunningCallLine {
  /** Its standard input. */
  readonly input: PassThrough;
  /** What it has written to the standard output so far. */
  readonly out: () => string;
  readonly errors: () => string;
  /** Resolves when the output has this text. */
  until(text: string): Promise<void>;
  /** As Ctrl-C does. */
  interrupt(): void;
  readonly ended: Promise<EndedCall>;
}

export interface CallLineOptions {
  /** All of the standard input; otherwise it stays open. */
  readonly input?: string | Uint8Array;
  /** The same, piece by piece. */
  readonly source?: AsyncIterable<Uint8Array>;
  readonly environment?: NodeJS.ProcessEnv;
  /** What the standard streams are. */
  readonly isTyped?: boolean;
  readonly isShown?: boolean;
  /** Where the output goes; by default all of it is taken at once. */
  readonly output?: Writable;
}

/** Starts `sluice call` with these arguments in this process. The teardown ends it. */
export async function startCallLine(
  t: Test,
  line: readonly string[],
  { input, source, environment = {}, isTyped = false, isShown = false, output }: CallLineOptions = {},
): Promise<RunningCallLine> {
  let out = '';
  let errors = '';
  const waiting = new Set<() => void>();
  const own = new Writable({
    write(chunk: Buffer, _encoding, done) {
      out += chunk.toString();
      for (const look of waiting) look();
      done();
    },
  });
  const typed = new PassThrough();
  const whole = source ?? (input === undefined ? undefined : [Buffer.from(input)]);
  const given = whole === undefined ? typed : Readable.from(whole);
  const settings = await readSettings(CALL_COMMAND, line, environment, { takesRest: true });
  const errand = await runCall(settings, {
    input: Object.assign(given, { isTTY: isTyped }),
    output: Object.assign(output ?? own, { isTTY: isShown }),
    errors: {
      isTTY: false,
      write(text: string) {
        errors += text;
      },
    },
  });
  const ended = errand.done.then(
    (code) => ({ code, out, errors }),
    (reason: unknown) => {
      if (!(reason instanceof SettingsError)) throw reason;
      return { code: 2, out, errors: `${errors}${reason.message}\n` };
    },
  );
  t.teardown(async () => {
    errand.interrupt();
    await ended.catch(() => {});
  });
  return {
    input: typed,
    out: () => out,
    errors: () => errors,
    async until(text) {
      if (out.includes(text)) return;
      await Promise.race([
        new Promise<void>((resolve) => {
          const look = () => {
            if (!out.includes(text)) return;
            waiting.delete(look);
            resolve();
          };
          waiting.add(look);
        }),
        ended.then((end) => {
          if (!out.includes(text)) throw new Error(`ended without ${text}: ${JSON.stringify(end)}`);
        }),
      ]);
    },
    interrupt: () => errand.interrupt(),
    ended,
  };
}

/** Runs `sluice call` to its end. A wrong command line is exit code 2, as in `main`. */
export async function callLine(
  t: Test,
  line: readonly string[],
  options: CallLineOptions = {},
): Promise<EndedCall> {
  try {
    return await (await startCallLine(t, line, { input: '', ...options })).ended;
  } catch (reason) {
    if (!(reason instanceof SettingsError)) throw reason;
    return { code: 2, out: '', errors: `${reason.message}\n` };
  }
}
