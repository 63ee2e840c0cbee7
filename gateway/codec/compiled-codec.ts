import type { DescMessage, Registry } from '@bufbuild/protobuf';
import { Code, RpcError } from '../status/index.js';
import type { ByteWriter } from './byte-writer.js';
import type { Codec, MessageCodec } from './codec.js';
import { finishMessageSet, isMessageSet } from './message-set.js';
import { generateParseMember } from './parse/generated.js';
import { parseMember, parseMessage } from './parse/messages.js';
import { JsonFault, Parser } from './parse/parser.js';
import { pathOf } from './parse/path.js';
import { peek, unexpected } from './parse/tokens.js';
import type { MessagePlan } from './plan.js';
import { Planner } from './planner.js';
import { generatePrintFields } from './print/generated.js';
import { invalidTextPath } from './print/invalid-text.js';
import { printArranged, printFields, printMessage } from './print/messages.js';
import { DISORDER, Printer } from './print/printer.js';
import { beginWellKnown, finishWellKnown } from './well-known.js';
import { INVALID_TEXT, wireError } from './wire-reader.js';

export interface CompiledCodecOptions {
  /**
   * Whether JavaScript may be made from descriptors with `new Function`. Without it the same plan is interpreted: the same
   * results, a little slower. For processes that run with `--disallow-code-generation-from-strings`, in which true makes
   * `forMessage` throw an EvalError.
   */
  readonly codeGeneration: boolean;
}

/** So many messages are put in order before they are printed, after one that needed it. */
const CAUTIOUS_MESSAGES = 64;

/**
 * ProtoJSON straight between wire bytes and JSON bytes, without objects in between: see `README.md` in this folder.
 * `registry` holds the types of `google.protobuf.Any` and the extensions.
 */
export function compiledCodec(registry: Registry, options: CompiledCodecOptions): Codec {
  const printer = new Printer();
  const parser = new Parser();
  const planner = new Planner(registry, {
    begin(plan, type) {
      plan.print = printMessage;
      plan.parse = parseMessage;
      beginWellKnown(plan, type);
    },
    finish(plan, type) {
      finishWellKnown(plan);
      if (isMessageSet(type, plan)) {
        finishMessageSet(plan);
        plan.parseMember = parseMember;
        return;
      }
      const generated = options.codeGeneration && !plan.wellKnown;
      plan.printFields = (generated ? generatePrintFields(plan) : undefined) ?? printFields;
      plan.parseMember = (generated ? generateParseMember(plan) : undefined) ?? parseMember;
    },
  });
  const codecs = new Map<DescMessage, MessageCodec>();
  return {
    forMessage(type) {
      let codec = codecs.get(type);
      if (codec === undefined) {
        codec = new CompiledMessageCodec(planner.message(type), printer, parser);
        codecs.set(type, codec);
      }
      return codec;
    },
  };
}

class CompiledMessageCodec implements MessageCodec {
  readonly #plan: MessagePlan;
  readonly #printer: Printer;
  readonly #parser: Parser;
  /** How many of the next messages are put in order first. */
  #cautious = 0;

  constructor(plan: MessagePlan, printer: Printer, parser: Parser) {
    this.#plan = plan;
    this.#printer = printer;
    this.#parser = parser;
  }

  writeJson(wire: Uint8Array, out: ByteWriter): void {
    const start = out.length;
    const printer = this.#printer;
    try {
      if (this.#cautious > 0 || !this.#printAtOnce(wire, out)) {
        out.length = start;
        this.#cautious = this.#cautious > 0 ? this.#cautious - 1 : CAUTIOUS_MESSAGES;
        printer.begin(wire, out, true);
        printArranged(printer, this.#plan, this.#plan.print);
      }
      out.length = printer.at;
    } catch (error) {
      out.length = start;
      if (error === DISORDER) throw wireError('it cannot be put in order');
      throw error === INVALID_TEXT ? this.#invalidText(wire) : error;
    } finally {
      printer.finish();
    }
  }

  /**
   * Prints a message whose records are in the order of printing; false when they are not, or when there is a fault: a later record
   * may have replaced the one at fault.
   */
  #printAtOnce(wire: Uint8Array, out: ByteWriter): boolean {
    const printer = this.#printer;
    printer.begin(wire, out, false);
    try {
      this.#plan.print(printer, this.#plan);
      return true;
    } catch (error) {
      if (error === DISORDER || error === INVALID_TEXT || error instanceof RpcError) return false;
      throw error;
    }
  }

  #invalidText(wire: Uint8Array): RpcError {
    const path = invalidTextPath(this.#plan, wire);
    return wireError(`${path === '' ? '' : `${path}: `}a string is not valid UTF-8`);
  }

  fromJson(json: string): Uint8Array {
    const parser = this.#parser;
    try {
      parser.begin(json);
      this.#plan.parse(parser, this.#plan);
      if (peek(parser) !== 0 || parser.pos !== parser.end) throw unexpected(parser, 'nothing more');
      return parser.finish();
    } catch (error) {
      if (!(error instanceof JsonFault)) throw error;
      const path = pathOf(parser);
      throw new RpcError(
        Code.INVALID_ARGUMENT,
        `invalid JSON: ${path === '' ? '' : `${path}: `}${error.message}`,
      );
    } finally {
      parser.release();
    }
  }
}
