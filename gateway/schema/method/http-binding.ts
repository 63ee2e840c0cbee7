import type { DescField } from '@bufbuild/protobuf';
import type { FileContent } from './file-content.js';

/** A variable of a path template: which field it fills. */
export interface PathVariable {
  /** The fields from the request message down, for example [book, name]. */
  readonly fieldPath: readonly DescField[];
  /** More than one segment: `%2F` in it stays as it is. */
  readonly multiSegment: boolean;
}

/** One HTTP method and path of a gRPC method, checked against its request message. */
export interface HttpBinding {
  /** Upper case, for example "GET"; "*" for any. */
  readonly httpMethod: string;
  /** As declared, for example "/v1/files/{file_path=**}". */
  readonly template: string;
  readonly variables: readonly PathVariable[];
  /** "*": every field that the path does not bind; a field: that field; absent: there is no body. */
  readonly body: '*' | DescField | undefined;
  /** Of a PATCH whose body is one message: the request's FieldMask, which says what of it counts. */
  readonly mask: DescField | undefined;
  /** The response field that is the whole HTTP body, and each message of a stream. */
  readonly responseBody: DescField | undefined;
  /** What of the request a body of bytes is; absent: this path takes none. */
  readonly upload: FileContent | undefined;
  /** What of the response is sent as bytes; absent: this path sends none. */
  readonly download: FileContent | undefined;
}

/** A binding before it is known which parts of the messages are files. */
export type HttpMapping = Omit<HttpBinding, 'upload' | 'download'>;
