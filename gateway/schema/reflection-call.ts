import { type DescMessage, fromBinary, fromJson, type Message, toBinary } from '@bufbuild/protobuf';
import { Code, codeFromNumber, RpcError } from '../status/index.js';
import { SchemaError } from './schema-error.js';

/** What server reflection needs of a call; an upstream `Call` is one. */
export interface ReflectionCall {
  write(batch: readonly Uint8Array[]): Promise<boolean>;
  read(): Promise<readonly Uint8Array[] | undefined>;
  halfClose(): void;
  cancel(): void;
  readonly status: Promise<{ readonly code: number; readonly message: string }>;
}

/** Opens a call of a method ("/pkg.Service/Method") that ends when the signal aborts. */
export type ReflectionOpen = (path: string, signal: AbortSignal) => ReflectionCall;

export type ReflectionQuestion =
  | { readonly listServices: string }
  | { readonly fileContainingSymbol: string }
  | { readonly fileByFilename: string };

/** One answer; what it does not have is empty. */
export interface ReflectionAnswer {
  /** Serialized FileDescriptorProtos. */
  readonly files: readonly Uint8Array[];
  readonly services: readonly string[];
  /** The server's error, or that it answered something else than it was asked. */
  readonly problem: string | undefined;
}

/** grpc.reflection.v1.ServerReflectionResponse, as @bufbuild/protobuf holds it; v1alpha has the same fields. */
interface Response extends Message {
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
    | { readonly case: 'allExtensionNumbersResponse' | undefined; readonly value?: unknown };
}

const SOMETHING_ELSE = 'it answered something else';

/** Questions and answers over one reflection call, one at a time, within a number of bytes. */
export class ReflectionConversation {
  readonly #call: ReflectionCall;
  readonly #request: DescMessage;
  readonly #response: DescMessage;
  readonly #maxBytes: number;
  #bytes = 0;
  #pending: readonly Uint8Array[] = [];
  /** Whether the server has answered anything, so that it does have the service. */
  answered = false;

  constructor(call: ReflectionCall, request: DescMessage, response: DescMessage, maxBytes: number) {
    this.#call = call;
    this.#request = request;
    this.#response = response;
    this.#maxBytes = maxBytes;
  }

  /**
   * Throws `RpcError` with the status of the call when it ends instead of answering, and RESOURCE_EXHAUSTED when the
   * answers are too many bytes; `SchemaError` when an answer is not one.
   */
  async ask(question: ReflectionQuestion): Promise<ReflectionAnswer> {
    if (this.#pending.length > 0) throw new SchemaError('server reflection: more answers than questions');
    const message = fromJson(this.#request, { ...question });
    await this.#call.write([toBinary(this.#request, message)]);
    const batch = await this.#call.read();
    if (batch === undefined) throw await this.#failure();
    for (const bytes of batch) this.#bytes += bytes.length;
    if (this.#bytes > this.#maxBytes) {
      throw new RpcError(Code.RESOURCE_EXHAUSTED, `server reflection: more than ${this.#maxBytes} bytes`);
    }
    this.answered = true;
    this.#pending = batch.slice(1);
    const answer = answerFromResponse(this.#decode(batch[0] ?? new Uint8Array(0)));
    const fits = 'listServices' in question ? answer.files.length === 0 : answer.services.length === 0;
    if (!fits) return { files: [], services: [], problem: SOMETHING_ELSE };
    return answer;
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
    const { code, message } = await this.#call.status;
    // OK means that the server has hung up on us in the middle.
    if (code === Code.OK)
      return new RpcError(Code.UNAVAILABLE, 'server reflection: the server ended the call');
    return new RpcError(codeFromNumber(code), `server reflection: ${message}`);
  }
}

function answerFromResponse({ messageResponse }: Response): ReflectionAnswer {
  switch (messageResponse.case) {
    case 'fileDescriptorResponse': {
      const files = messageResponse.value.fileDescriptorProto;
      return { files, services: [], problem: files.length === 0 ? 'it sent no file' : undefined };
    }
    case 'listServicesResponse':
      return {
        files: [],
        services: messageResponse.value.service.map(({ name }) => name),
        problem: undefined,
      };
    case 'errorResponse': {
      const { errorCode, errorMessage } = messageResponse.value;
      return { files: [], services: [], problem: errorMessage || `code ${errorCode}` };
    }
    default:
      return { files: [], services: [], problem: SOMETHING_ELSE };
  }
}
