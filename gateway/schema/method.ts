import type { DescField, DescMessage } from '@bufbuild/protobuf';
import type { HttpBinding } from './http-rule.js';

/** The fields that make a server stream resumable, from `(sluice.v1.stream)`. */
export interface Resume {
  /** Scalar field of the response: the cursor of a message. */
  readonly cursor: DescField;
  /** Scalar field of the request: where to put the cursor to continue after it. */
  readonly request: DescField;
}

/** What a client gets of a stream that is faster than it, from `(sluice.v1.stream)` or the configuration; see PROTOCOL.md section 13. */
export type SlowReaderRule =
  | { readonly policy: 'pause' }
  | {
      readonly policy: 'conflate';
      /** Scalar or enum field of the response. */
      readonly key: DescField;
      readonly maxMessages: number;
    }
  | { readonly policy: 'drop-oldest'; readonly maxMessages: number }
  | { readonly policy: 'disconnect'; readonly afterMs: number };

/** A method that can be called: all that the gateway knows of it comes from descriptors. */
export interface Method {
  /** "/pkg.Service/Method" */
  readonly path: string;
  /** "pkg.Service" */
  readonly service: string;
  readonly name: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly input: DescMessage;
  readonly output: DescMessage;
  /** Its `google.api.http` paths, in order of declaration. */
  readonly bindings: readonly HttpBinding[];
  /** Declared free of side effects (`idempotency_level = NO_SIDE_EFFECTS`), or bound to HTTP GET. */
  readonly safe: boolean;
  readonly resume: Resume | undefined;
  /** `pause` where nothing else is said, and for every method that does not stream its responses. */
  readonly slowReader: SlowReaderRule;
  /**
   * The `bytes` field of a request message that is the content of a file: named by `(sluice.v1.file)`, that of
   * google.api.HttpBody, or the only singular `bytes` field at the top of the message.
   */
  readonly uploadField: DescField | undefined;
  /** The same for a response message. */
  readonly downloadField: DescField | undefined;
  /** The method says itself that it is a file: it has `(sluice.v1.file)` or google.api.HttpBody. */
  readonly file: boolean;
}
