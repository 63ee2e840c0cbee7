import { ByteWriter, type MessageCodec } from '../../gateway/codec/index.js';
import type { Answer } from './answer.js';
import type { JsonPrinter } from './json-printer.js';

/** The messages of an answer as JSON. */
export class PrintedAnswer implements Answer {
  readonly #codec: MessageCodec;
  readonly #printer: JsonPrinter;

  constructor(codec: MessageCodec, printer: JsonPrinter) {
    this.#codec = codec;
    this.#printer = printer;
  }

  add(message: Uint8Array): void {
    const { isPretty, written } = this.#printer;
    if (!isPretty) {
      this.#codec.writeJson(message, 0, message.length, written);
      written.text('\n');
      return;
    }
    const one = new ByteWriter(0);
    this.#codec.writeJson(message, 0, message.length, one);
    this.#printer.add(one.take().toString('utf8'));
  }

  async flush(): Promise<boolean> {
    return await this.#printer.flush();
  }

  async end(): Promise<void> {
    await this.#printer.flush();
  }
}
