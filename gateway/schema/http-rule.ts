import type { DescField } from '@bufbuild/protobuf';

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
  /** The response field that is the whole HTTP body. */
  readonly responseBody: DescField | undefined;
}
