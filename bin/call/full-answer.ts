import { type DescMessage, fromBinary, type Registry, toJsonString } from '@bufbuild/protobuf';
import { Code } from '../../gateway/status/index.js';
import type { Answer } from './answer.js';
import { CallFailure } from './call-end.js';
import type { JsonPrinter } from './json-printer.js';

/** The messages of an answer as JSON with every field that has a value, also where that is the default. For people who look at one call: it is slow. */
export class FullAnswer implements Answer {
  readonly #type: DescMessage;
  readonly #registry: Registry;
  readonly #printer: JsonPrinter;

  constructor(type: DescMessage, registry: Registry, printer: JsonPrinter) {
    this.#type = type;
    this.#registry = registry;
    this.#printer = printer;
  }

  /** Throws `CallFailure` for what is no such message. */
  add(message: Uint8Array): void {
    try {
      const options = { registry: this.#registry, alwaysEmitImplicit: true };
      this.#printer.add(toJsonString(this.#type, fromBinary(this.#type, message), options));
    } catch (cause) {
      throw new CallFailure({ code: Code.INTERNAL, message: (cause as Error).message }, cause);
    }
  }

  async flush(): Promise<boolean> {
    return await this.#printer.flush();
  }

  async end(): Promise<void> {
    await this.#printer.flush();
  }
}
