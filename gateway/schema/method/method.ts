import type { DescField, DescMessage } from '@bufbuild/protobuf';
import type { AccessRule } from './access-rule.js';
import type { FileContent } from './file-content.js';
import type { HttpBinding } from './http-binding.js';
import type { Json } from './json.js';

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

/** How calls of a method are recorded, from `(sluice.v1.recording)` or the configuration, with every default filled in. Source: docs/recordings.md. */
export interface RecordingRule {
  /** Who shares one call: nobody, one principal's equal requests, or everybody's. */
  readonly sharing: 'none' | 'principal' | 'everyone';
  /** The most messages that are kept. */
  readonly maxMessages: number;
  /** The most bytes that are kept. The newest message is kept whatever its size. */
  readonly maxBytes: number;
  /** How long a message is kept, and how long all of them stay after the end of the call, in milliseconds. */
  readonly maxAgeMs: number;
  /** What happens when the bounds are reached. */
  readonly whenFull: 'forget-oldest' | 'pause';
  /** Where a client starts that joins and names no position. */
  readonly start: 'now' | 'last' | 'snapshot' | 'beginning';
  /** With `last`: so many messages. */
  readonly last: number;
  /** With `snapshot`: scalar or enum field of the response. */
  readonly key: DescField | undefined;
  /** How long the call goes on without a client, in milliseconds. */
  readonly lingerMs: number;
  /** Every call outlives its client. */
  readonly detach: boolean;
  /** Names of request metadata, in lower case and sorted, that are part of the key and travel. */
  readonly keyMetadata: readonly string[];
  /** How long a call that outlives its client may last, in milliseconds. */
  readonly detachMaxAgeMs: number;
  /** How long the service of a stream that outlives its client may say nothing, in milliseconds. */
  readonly detachMaxSilenceMs: number;
}

/**
 * A method that can be called: all that the gateway knows of it comes from descriptors. Its parts may be made when they are read (`LateMethod`), so it is
 * not to be spread: `copyOfMethod` is.
 */
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
  /** `undefined`: its calls are not recorded. */
  readonly recording: RecordingRule | undefined;
  /** What of a request message is the content of a file, at the gRPC path; a binding has its own. */
  readonly upload: FileContent | undefined;
  /** The same for a response message. */
  readonly download: FileContent | undefined;
  /** The schema says that it is a file, there or at a binding: see `FileContent.declared`. */
  readonly file: boolean;
  /** Who may call it, from `(sluice.v1.access)` or the configuration; `undefined`: nothing is said of it. */
  readonly access: AccessRule | undefined;
  /** A request that the method itself gives as an example, from `(sluice.v1.example)`. */
  readonly example: Json | undefined;
}
