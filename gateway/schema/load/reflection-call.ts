import { type DescMessage, fromBinary, fromJson, type Message, toBinary } from '@bufbuild/protobuf';
import { Code, codeFromNumber, RpcError } from '../../status/index.js';
import { SchemaError } from '../problem/index.js';

/** What server reflection needs of a call; an upstream `Call` is one. */
export interface ReflectionCall {
  write(batch: readonly Uint8Array[]): Promise<boolean> | boolean;
  /** The next answers, each valid in the turn in which they are read. */
  read(): Promise<(Iterable<Uint8Array> & { release?(): void }) | undefined>;
  halfClose(): void;
  cancel(): void;
  readonly status: Promise<{
    readonly code: number;
    readonly message: string;
    /** Where the message is not for clients. */
    readonly publicMessage?: string;
  }>;
}

/** Opens a call of a method ("/pkg.Service/Method") that ends when the signal aborts; no answer in it needs to be larger than `maxMessageBytes`. */
export type ReflectionOpen = (path: string, signal: AbortSignal, maxMessageBytes: number) => ReflectionCall;

export type ReflectionQuestion =
  | { readonly listServices: string }
  | { readonly fileContainingSymbol: string }
  | { readonly fileByFilename: string }
  | { readonly allExtensionNumbersOfType: string }
  | {
      readonly fileContainingExtension: { readonly containingType: string; readonly extensionNumber: number };
    };

/** One answer; what it does not have is empty. */
export interface ReflectionAnswer {
  /** Serialized FileDescriptorProtos. */
  readonly files: readonly Uint8Array[];
  readonly services: readonly string[];
  readonly extensionNumbers: readonly number[];
  /** The server's error, or that it answered something else than it was asked. */
  readonly problem: string | undefined;
}

/** grpc.reflection.v1.ServerReflectionResponse, as @bufbuild/protobuf holds it; v1alpha has the same fields. */
interface Response extends Message {
  /** The question; not every server repeats it. */
  readonly originalRequest?: Message;
  readonly messageResponse:
    | {
        readonly case: 'fileDescriptorResponse';
        readonly value: { readonly fileDescriptorProto: Uint8Array[] };
      }
    | {
        readonly case: 'listServicesResponse';
        readonly value: { readonly service: { readonly name: string }[] };
      }
    | {
        readonly case: 'errorResponse';
        readonly value: { readonly errorCode: number; readonly errorMessage: string };
      }
    | {
        readonly case: 'allExtensionNumbersResponse';
        readonly value: { readonly extensionNumber: number[] };
      }
    | { readonly case: undefined; readonly value?: undefined };
}

/** Which answer belongs to which question. */
const ANSWER_CASES: Readonly<Record<string, Response['messageResponse']['case']>> = {
  listServices: 'listServicesResponse',
  fileContainingSymbol: 'fileDescriptorResponse',
  fileByFilename: 'fileDescriptorResponse',
  allExtensionNumbersOfType: 'allExtensionNumbersResponse',
  fileContainingExtension: 'fileDescriptorResponse',
};
const SOMETHING_ELSE = 'it answered something else';

/** What the answers of all calls of one exchange may still have together. */
export interface ReflectionBudget {
  readonly maxBytes: number;
  /** What is left. */
  bytes: number;
}

/** A bound of the exchange is reached: RESOURCE_EXHAUSTED. What was learnt before it may be used. */
export class ReflectionBound extends RpcError {
  constructor(what: string) {
    super('SCHEMA_NOT_LOADED', `server reflection: ${what}`, { code: Code.RESOURCE_EXHAUSTED });
  }
}

/** The call has ended instead of answering. */
export class ReflectionEnded extends RpcError {
  /** The text for clients. */
  readonly publicMessage: string;

  constructor(code: Code, message: string, publicMessage = message) {
    super('SCHEMA_NOT_LOADED', `server reflection: ${message}`, { code });
    this.publicMessage = `server reflection: ${publicMessage}`;
  }
}

/** The server has ended the call, with OK, and has not answered. */
export class ReflectionHungUp extends ReflectionEnded {
  constructor() {
    super(Code.UNAVAILABLE, 'the server ended the call');
  }
}

/** Questions and answers over one reflection call: one at a time, or several where the answers say what they answer. */
export class ReflectionStream {
  readonly #call: ReflectionCall;
  readonly #request: DescMessage;
  readonly #response: DescMessage;
  readonly #budget: ReflectionBudget;
  #pending: Uint8Array[] = [];
  /** Earlier questions. */
  readonly #asked = new Set<string>();
  /** Whether the server has answered anything, so that it does have the service. */
  answered = false;
  /** Whether its last answer repeated the question. */
  repeats = false;

  constructor(call: ReflectionCall, request: DescMessage, response: DescMessage, budget: ReflectionBudget) {
    this.#call = call;
    this.#request = request;
    this.#response = response;
    this.#budget = budget;
  }

  /**
   * Throws `RpcError` with the status of the call when it ends instead of answering, and `ReflectionBound` when the answers
   * are too many bytes; `SchemaError` when an answer is not one. An answer to an earlier question, told by the question it
   * repeats, is passed over.
   */
  async ask(question: ReflectionQuestion): Promise<ReflectionAnswer> {
    const message = fromJson(this.#request, { ...question });
    const asked = textOfQuestion(message);
    await this.#call.write([toBinary(this.#request, message)]);
    for (;;) {
      const response = this.#decode(await this.#next());
      this.answered = true;
      const { originalRequest } = response;
      const repeated = originalRequest && textOfQuestion(originalRequest);
      if (repeated !== undefined && repeated !== asked && this.#asked.has(repeated)) continue;
      this.#asked.add(asked);
      this.repeats = repeated === asked;
      return answerFromResponse(response, caseOf(question));
    }
  }

  /**
   * Sends all the questions before it reads, and tells `onAnswer` each answer with its question, in whatever order they come. Throws as `ask` does, and where
   * an answer does not say what it answers: what has no answer by then is to be asked by itself, over another call.
   */
  async askTogether(
    questions: readonly ReflectionQuestion[],
    onAnswer: (question: ReflectionQuestion, answer: ReflectionAnswer) => void,
  ): Promise<void> {
    const open = new Map<string, ReflectionQuestion>();
    const batch: Uint8Array[] = [];
    for (const question of questions) {
      const message = fromJson(this.#request, { ...question });
      open.set(textOfQuestion(message), question);
      batch.push(toBinary(this.#request, message));
    }
    await this.#call.write(batch);
    while (open.size > 0) {
      const response = this.#decode(await this.#next());
      const repeated = response.originalRequest && textOfQuestion(response.originalRequest);
      const question = repeated === undefined ? undefined : open.get(repeated);
      if (repeated !== undefined && question !== undefined) {
        open.delete(repeated);
        this.#asked.add(repeated);
        onAnswer(question, answerFromResponse(response, caseOf(question)));
      } else if (repeated === undefined || !this.#asked.has(repeated)) {
        throw new ReflectionEnded(Code.UNKNOWN, 'an answer does not say what it answers');
      }
    }
  }

  async #next(): Promise<Uint8Array> {
    while (this.#pending.length === 0) {
      const batch = await this.#call.read();
      if (batch === undefined) throw await this.#failure();
      try {
        for (const bytes of batch) {
          this.#budget.bytes -= bytes.length;
          if (this.#budget.bytes < 0) throw new ReflectionBound(`more than ${this.#budget.maxBytes} bytes`);
          this.#pending.push(Uint8Array.from(bytes));
        }
      } finally {
        batch.release?.();
      }
    }
    return this.#pending.shift() ?? new Uint8Array(0);
  }

  /** Ends the call. */
  close(): void {
    this.#call.halfClose();
    this.#call.cancel();
  }

  #decode(bytes: Uint8Array): Response {
    try {
      return fromBinary(this.#response, bytes) as Response;
    } catch (error) {
      throw new SchemaError('server reflection: the answer cannot be read', error);
    }
  }

  async #failure(): Promise<RpcError> {
    const { code, message, publicMessage } = await this.#call.status;
    // OK means that the server has hung up on us in the middle.
    if (code === Code.OK) return new ReflectionHungUp();
    return new ReflectionEnded(codeFromNumber(code), message, publicMessage);
  }
}

function caseOf(question: ReflectionQuestion): Response['messageResponse']['case'] {
  return ANSWER_CASES[Object.keys(question)[0] ?? ''];
}

/** Questions are told apart by what they ask, in which oneof they stand. */
function textOfQuestion(request: Message & { messageRequest?: unknown }): string {
  return JSON.stringify(request.messageRequest ?? null);
}

const NOTHING = { files: [], services: [], extensionNumbers: [], problem: undefined };

function answerFromResponse(
  { messageResponse }: Response,
  wanted: Response['messageResponse']['case'],
): ReflectionAnswer {
  if (messageResponse.case === 'errorResponse') {
    const { errorCode, errorMessage } = messageResponse.value;
    return { ...NOTHING, problem: errorMessage || `code ${errorCode}` };
  }
  if (messageResponse.case !== wanted) return { ...NOTHING, problem: SOMETHING_ELSE };
  switch (messageResponse.case) {
    case 'fileDescriptorResponse': {
      const files = messageResponse.value.fileDescriptorProto;
      return { ...NOTHING, files, problem: files.length === 0 ? 'it sent no file' : undefined };
    }
    case 'listServicesResponse':
      return { ...NOTHING, services: messageResponse.value.service.map(({ name }) => name) };
    case 'allExtensionNumbersResponse':
      return { ...NOTHING, extensionNumbers: messageResponse.value.extensionNumber };
    default:
      return { ...NOTHING, problem: SOMETHING_ELSE };
  }
}
