import { ByteWriter } from '../../gateway/codec/index.js';
import { escaped } from '../escaped.js';
import { prettyJson } from './pretty-json.js';
import type { TextOutput } from './text-output.js';

/** Writes messages that are JSON: each on one line, or indented for people. */
export class JsonPrinter {
  readonly isPretty: boolean;
  /** What was not handed on yet. */
  readonly written = new ByteWriter();
  readonly #output: TextOutput;
  readonly #onPrint: () => void;

  /** `onPrint` is called before anything is written. */
  constructor(output: TextOutput, isPretty: boolean, onPrint: () => void) {
    this.#output = output;
    this.#onPrint = onPrint;
    this.isPretty = isPretty;
  }

  /** Takes a message, which is on one line. */
  add(text: string): void {
    // On a terminal no text of a service may be a command to it.
    this.written.text(this.isPretty ? `${prettyJson(escaped(text))}\n` : `${text}\n`);
  }

  /** Hands on what was taken. Resolves when there is room for more; `false`: nothing reads it any more. */
  async flush(): Promise<boolean> {
    if (this.written.length === 0) return true;
    this.#onPrint();
    return await this.#output.write(this.written.take());
  }
}
