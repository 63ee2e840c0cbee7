import {
  create,
  type DescFile,
  type DescMessage,
  fromBinary,
  type Registry,
  toBinary,
} from '@bufbuild/protobuf';
import { Code } from '../../status/index.js';
import type { FileIndex } from './file-index.js';
import type { OwnHandler } from './own-call.js';

/** What clients may know of the schema in use. Throws UNAVAILABLE while there is none. */
export interface ReflectedSchema {
  /** Full names, sorted. */
  readonly services: readonly string[];
  /** Made when the first client asks for a file, between other work. */
  files(): Promise<FileIndex>;
}

/** `ServerReflectionRequest`, as @bufbuild/protobuf holds it; v1 and v1alpha have the same fields. */
interface Request {
  readonly host: string;
  readonly messageRequest:
    | {
        readonly case: 'fileByFilename' | 'fileContainingSymbol' | 'allExtensionNumbersOfType';
        readonly value: string;
      }
    | { readonly case: 'listServices'; readonly value: string }
    | {
        readonly case: 'fileContainingExtension';
        readonly value: { readonly containingType: string; readonly extensionNumber: number };
      }
    | { readonly case: undefined };
}

type FileQuestion = Exclude<Request['messageRequest'], { readonly case: undefined | 'listServices' }>;

/** One answer: the member that is set, and what it is. */
type Answer = readonly [member: string, value: object];

/** Characters of a question that an error repeats. */
const MAX_QUOTED = 200;

/**
 * Server reflection of the schema that is in use when a question comes. Files come with everything that they import, so one question is enough. What is
 * not there is an `errorResponse`, and the stream goes on. Source: grpc/reflection/v1/reflection.proto
 */
export function reflectionHandler(
  registry: Registry,
  version: string,
  schema: () => ReflectedSchema,
): OwnHandler {
  const type = (name: string) => registry.getMessage(`grpc.reflection.${version}.${name}`) as DescMessage;
  const requestType = type('ServerReflectionRequest');
  const responseType = type('ServerReflectionResponse');
  return async function* reflect(requests) {
    for await (const bytes of requests) {
      const request = fromBinary(requestType, bytes);
      const question = request as unknown as Request;
      const [member, value] = await answerTo(question, schema());
      const response = {
        validHost: question.host,
        originalRequest: request,
        messageResponse: { case: member, value },
      };
      yield toBinary(responseType, create(responseType, response as never));
    }
  };
}

async function answerTo({ messageRequest }: Request, schema: ReflectedSchema): Promise<Answer> {
  switch (messageRequest.case) {
    case undefined:
      return [
        'errorResponse',
        { errorCode: Code.INVALID_ARGUMENT, errorMessage: 'message_request: must be set' },
      ];
    case 'listServices':
      return ['listServicesResponse', { service: schema.services.map((name) => ({ name })) }];
    default:
      return answerFrom(await schema.files(), messageRequest);
  }
}

function answerFrom(files: FileIndex, messageRequest: FileQuestion): Answer {
  switch (messageRequest.case) {
    case 'fileByFilename':
      return filesAnswer(files, files.byName(messageRequest.value), `file ${messageRequest.value}`);
    case 'fileContainingSymbol': {
      // Some clients write names as descriptors do.
      const symbol = messageRequest.value.replace(/^\./, '');
      return filesAnswer(files, files.bySymbol(symbol), `symbol ${symbol}`);
    }
    case 'fileContainingExtension': {
      const { containingType, extensionNumber } = messageRequest.value;
      const file = files.byExtension(containingType, extensionNumber);
      return filesAnswer(files, file, `extension ${extensionNumber} of ${containingType}`);
    }
    case 'allExtensionNumbersOfType': {
      const baseTypeName = messageRequest.value;
      const extensionNumber = files.extensionNumbers(baseTypeName);
      if (extensionNumber === undefined) return unknown(`message ${baseTypeName}`);
      return ['allExtensionNumbersResponse', { baseTypeName, extensionNumber }];
    }
  }
}

function filesAnswer(files: FileIndex, file: DescFile | undefined, asked: string): Answer {
  if (file === undefined) return unknown(asked);
  return ['fileDescriptorResponse', { fileDescriptorProto: files.withImports(file) }];
}

function unknown(asked: string): Answer {
  const quoted = asked.slice(0, MAX_QUOTED).toWellFormed();
  return ['errorResponse', { errorCode: Code.NOT_FOUND, errorMessage: `there is no ${quoted}` }];
}
