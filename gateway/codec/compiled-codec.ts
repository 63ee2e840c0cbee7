import type { DescField, DescMessage, Registry } from '@bufbuild/protobuf';
import { RpcError } from '../status/index.js';
import { absentJson } from './absent.js';
import type { Codec, MessageCodec } from './codec.js';
import { beginWellKnown, finishMessageSet, finishWellKnown, isMessageSet, Planner } from './compile/index.js';
import {
  generateParseMember,
  parseMember,
  parseMessage,
  parseSingleField,
  pathOf,
  peek,
  unexpected,
} from './parse/index.js';
import type { MessagePlan, ParseMessage, PrintMessage } from './plan/index.js';
import { DISORDER, JsonFault, Parser, Printer } from './plan/index.js';
import type { ByteWriter } from './primitive/index.js';
import { INVALID_TEXT, WireFault, wireError } from './primitive/index.js';
import {
  checkWire,
  generatePrintFields,
  invalidTextPath,
  printArranged,
  printFields,
  printMessage,
  singleFieldPrinter,
} from './print/index.js';

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
  const codecs = new Map<DescMessage | DescField, MessageCodec>();
  const kept = (key: DescMessage | DescField, make: () => JsonWay): MessageCodec => {
    let codec = codecs.get(key);
    if (codec === undefined) {
      codec = new CompiledMessageCodec(make(), printer, parser);
      codecs.set(key, codec);
    }
    return codec;
  };
  return {
    forMessage(type) {
      return kept(type, () => {
        const plan = planner.message(type);
        return { plan, print: plan.print, parse: plan.parse, path: '' };
      });
    },
    forField(type, desc) {
      return kept(desc, () => {
        const plan = planner.message(type);
        const field = plan.fields.find(({ number }) => number === desc.number);
        if (field === undefined) throw new TypeError(`${desc.toString()} is no field of ${type.typeName}`);
        return {
          plan,
          print: singleFieldPrinter(field, absentJson(desc)),
          parse: (parser, plan) => parseSingleField(parser, plan, field),
          path: field.jsonName,
        };
      });
    },
  };
}

/** What a codec does: with all of a message, or with one field of it. */
interface JsonWay {
  readonly plan: MessagePlan;
  readonly print: PrintMessage;
  readonly parse: ParseMessage;
  /** Where its JSON stands in that of the message. */
  readonly path: string;
}

class CompiledMessageCodec implements MessageCodec {
  readonly #way: JsonWay;
  readonly #printer: Printer;
  readonly #parser: Parser;
  /** How many of the next messages are put in order first. */
  #cautious = 0;

  constructor(way: JsonWay, printer: Printer, parser: Parser) {
    this.#way = way;
    this.#printer = printer;
    this.#parser = parser;
  }

  writeJson(bytes: Uint8Array, start: number, end: number, out: ByteWriter): void {
    const mark = out.length;
    const printer = this.#printer;
    try {
      if (this.#cautious > 0 || !this.#printAtOnce(bytes, start, end, out)) {
        out.length = mark;
        this.#cautious = this.#cautious > 0 ? this.#cautious - 1 : CAUTIOUS_MESSAGES;
        printer.begin(bytes, start, end, out, true);
        printArranged(printer, this.#way.plan, this.#way.print);
      }
      out.length = printer.at;
    } catch (error) {
      out.length = mark;
      if (error === DISORDER) throw wireError('it cannot be put in order');
      throw error === INVALID_TEXT ? this.#invalidText(bytes.subarray(start, end)) : error;
    } finally {
      printer.finish();
    }
  }

  /**
   * Prints a message whose records are in the order of printing; false when they are not, or when there is a fault: a later record
   * may have replaced the one at fault.
   */
  #printAtOnce(bytes: Uint8Array, start: number, end: number, out: ByteWriter): boolean {
    const printer = this.#printer;
    printer.begin(bytes, start, end, out, false);
    try {
      this.#way.print(printer, this.#way.plan);
      return true;
    } catch (error) {
      if (error === DISORDER || error === INVALID_TEXT || error instanceof RpcError) return false;
      throw error;
    }
  }

  #invalidText(wire: Uint8Array): WireFault {
    const path = invalidTextPath(this.#way.plan, wire);
    return wireError(`${path === '' ? '' : `${path}: `}a string is not valid UTF-8`);
  }

  assertWire(wire: Uint8Array): void {
    const { plan } = this.#way;
    try {
      checkWire(plan, wire);
    } catch (error) {
      const fault = error === INVALID_TEXT ? this.#invalidText(wire) : error;
      if (!(fault instanceof WireFault)) throw fault;
      throw new RpcError('INVALID_MESSAGE', `the frame is not a ${plan.typeName}: ${fault.detail}`);
    }
  }

  fromJson(json: string): Uint8Array {
    const parser = this.#parser;
    try {
      parser.begin(json);
      this.#way.parse(parser, this.#way.plan);
      if (peek(parser) !== 0 || parser.pos !== parser.end) throw unexpected(parser, 'nothing more');
      return parser.finish();
    } catch (error) {
      if (!(error instanceof JsonFault)) throw error;
      const path = pathOf(parser, this.#way.path);
      throw new RpcError(
        'INVALID_MESSAGE',
        `invalid JSON: ${path === '' ? '' : `${path}: `}${error.message}`,
      );
    } finally {
      parser.release();
    }
  }
}
