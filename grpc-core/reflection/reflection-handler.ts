import { status } from '@grpc/grpc-js';
import type { Handler } from '../rpc/index.js';
import type { Descriptors } from './descriptors.js';

/** `ServerReflectionRequest` as @grpc/proto-loader decodes it; the same in v1 and v1alpha. */
export interface ReflectionRequest {
  readonly host: string;
  /** Which of the following is set. */
  readonly message_request?:
    | 'file_by_filename'
    | 'file_containing_symbol'
    | 'file_containing_extension'
    | 'all_extension_numbers_of_type'
    | 'list_services';
  readonly file_by_filename?: string;
  readonly file_containing_symbol?: string;
  readonly file_containing_extension?: {
    readonly containing_type: string;
    readonly extension_number: number;
  } | null;
  readonly all_extension_numbers_of_type?: string;
  readonly list_services?: string;
}

/** What a request is answered with: one member of `message_response`. */
type Answer =
  | { readonly file_descriptor_response: { readonly file_descriptor_proto: readonly Uint8Array[] } }
  | {
      readonly all_extension_numbers_response: {
        readonly base_type_name: string;
        readonly extension_number: readonly number[];
      };
    }
  | { readonly list_services_response: { readonly service: ReadonlyArray<{ readonly name: string }> } }
  | { readonly error_response: { readonly error_code: status; readonly error_message: string } };

export type ReflectionResponse = Answer & {
  readonly valid_host: string;
  readonly original_request: ReflectionRequest;
};

/**
 * Server reflection (grpc/reflection/v1/reflection.proto). Files always come with everything they import, on every request: stateless, and
 * understood by clients that ask once and by those that ask for each import. `descriptors` is called with each request. What is unknown is an `error_response`; the stream goes on.
 */
export function reflectionHandler(
  descriptors: () => Promise<Descriptors>,
  services: readonly string[],
): Handler<ReflectionRequest, ReflectionResponse> {
  return async function* reflect(requests) {
    for await (const request of requests) {
      yield {
        valid_host: request.host,
        original_request: request,
        ...answer(await descriptors(), services, request),
      };
    }
  };
}

function answer(descriptors: Descriptors, services: readonly string[], request: ReflectionRequest): Answer {
  switch (request.message_request) {
    case 'file_by_filename':
      return fileAnswer(descriptors, request.file_by_filename, `file ${request.file_by_filename}`);
    case 'file_containing_symbol': {
      // Some clients write type names as descriptors do, with a leading dot.
      const symbol = (request.file_containing_symbol ?? '').replace(/^\./, '');
      return fileAnswer(descriptors, descriptors.fileOfSymbol(symbol), `symbol ${symbol}`);
    }
    case 'file_containing_extension': {
      const { containing_type = '', extension_number = 0 } = request.file_containing_extension ?? {};
      const file = descriptors.fileOfExtension(containing_type, extension_number);
      return fileAnswer(descriptors, file, `extension ${extension_number} of ${containing_type}`);
    }
    case 'all_extension_numbers_of_type': {
      const type = request.all_extension_numbers_of_type ?? '';
      const numbers = descriptors.extensionNumbers(type);
      if (numbers === undefined) return unknown(`message ${type}`);
      return { all_extension_numbers_response: { base_type_name: type, extension_number: numbers } };
    }
    case 'list_services':
      return { list_services_response: { service: services.map((name) => ({ name })) } };
    default:
      return {
        error_response: {
          error_code: status.INVALID_ARGUMENT,
          error_message: 'message_request: must be set',
        },
      };
  }
}

function fileAnswer(descriptors: Descriptors, name: string | undefined, asked: string): Answer {
  const files = name === undefined ? undefined : descriptors.file(name);
  return files === undefined
    ? unknown(asked)
    : { file_descriptor_response: { file_descriptor_proto: files } };
}

function unknown(asked: string): Answer {
  return {
    error_response: { error_code: status.NOT_FOUND, error_message: `there is no ${asked.slice(0, 500)}` },
  };
}
