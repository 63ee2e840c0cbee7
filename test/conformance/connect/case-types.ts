/** The ProtoJSON of what the cases say and of what the service answers (proto/connectrpc/conformance/v1); bytes are base64. */

export type Protocol = 'PROTOCOL_CONNECT' | 'PROTOCOL_GRPC' | 'PROTOCOL_GRPC_WEB';
export type Codec = 'CODEC_PROTO' | 'CODEC_JSON';
export type Compression = 'COMPRESSION_IDENTITY' | 'COMPRESSION_GZIP' | 'COMPRESSION_BR' | 'COMPRESSION_ZSTD';
export type HttpVersion = 'HTTP_VERSION_1' | 'HTTP_VERSION_2';
export type StreamType =
  | 'STREAM_TYPE_UNARY'
  | 'STREAM_TYPE_CLIENT_STREAM'
  | 'STREAM_TYPE_SERVER_STREAM'
  | 'STREAM_TYPE_HALF_DUPLEX_BIDI_STREAM'
  | 'STREAM_TYPE_FULL_DUPLEX_BIDI_STREAM';

/** A name with all its values, as the cases write headers and trailers. */
export interface CaseHeader {
  readonly name: string;
  readonly value?: readonly string[];
}

export interface AnyJson {
  readonly '@type': string;
  readonly [member: string]: unknown;
}

export interface CaseError {
  /** "CODE_NOT_FOUND" */
  readonly code: string;
  readonly message?: string;
  readonly details?: readonly AnyJson[];
}

export interface RequestInfo {
  readonly requestHeaders?: readonly CaseHeader[];
  readonly timeoutMs?: string;
  readonly requests?: readonly AnyJson[];
  readonly connectGetInfo?: { readonly queryParams?: readonly CaseHeader[] };
}

export interface CasePayload {
  readonly data?: string;
  readonly requestInfo?: RequestInfo;
}

/** The definitions of unary and of streaming responses in one: `responseData` is a list in streams. */
export interface ResponseDefinition {
  readonly responseHeaders?: readonly CaseHeader[];
  readonly responseData?: string | readonly string[];
  readonly responseDelayMs?: number;
  readonly error?: CaseError;
  readonly responseTrailers?: readonly CaseHeader[];
}

export interface RequestMessage extends AnyJson {
  readonly responseDefinition?: ResponseDefinition;
  readonly fullDuplex?: boolean;
  readonly requestData?: string;
}

export interface MessageContents {
  readonly binary?: string;
  readonly text?: string;
  readonly binaryMessage?: AnyJson;
  readonly compression?: Compression;
}

export interface RawRequest {
  readonly verb: string;
  readonly uri: string;
  readonly headers?: readonly CaseHeader[];
  readonly unary?: MessageContents;
  readonly stream?: {
    readonly items?: readonly {
      readonly flags?: number;
      readonly length?: number;
      readonly payload?: MessageContents;
    }[];
  };
}

export interface CaseRequest {
  readonly testName: string;
  readonly service?: string;
  readonly method?: string;
  readonly streamType: StreamType;
  readonly useGetHttpMethod?: boolean;
  readonly requestHeaders?: readonly CaseHeader[];
  readonly requestMessages?: readonly RequestMessage[];
  readonly timeoutMs?: number;
  readonly requestDelayMs?: number;
  readonly rawRequest?: RawRequest;
}

export interface ExpectedResponse {
  readonly responseHeaders?: readonly CaseHeader[];
  readonly payloads?: readonly CasePayload[];
  readonly error?: CaseError;
  readonly responseTrailers?: readonly CaseHeader[];
  readonly numUnsentRequests?: number;
  readonly httpStatusCode?: number;
}

export interface CaseTemplate {
  readonly request: CaseRequest;
  readonly expandRequests?: readonly { readonly sizeRelativeToLimit?: number }[];
  readonly expectedResponse?: ExpectedResponse;
  readonly otherAllowedErrorCodes?: readonly string[];
}

export interface Suite {
  readonly name: string;
  readonly mode?: 'TEST_MODE_CLIENT' | 'TEST_MODE_SERVER';
  readonly testCases: readonly CaseTemplate[];
  readonly relevantProtocols?: readonly Protocol[];
  readonly relevantHttpVersions?: readonly HttpVersion[];
  readonly relevantCodecs?: readonly Codec[];
  readonly relevantCompressions?: readonly Compression[];
  readonly reliesOnTls?: boolean;
  readonly reliesOnTlsClientCerts?: boolean;
  readonly reliesOnConnectGet?: boolean;
  readonly reliesOnMessageReceiveLimit?: boolean;
}

/** One case with all its choices made, and with what is expected of it. */
export interface ConformanceCase {
  /** As the official runner names it, for lists of exceptions. */
  readonly name: string;
  readonly protocol: Protocol;
  readonly version: HttpVersion;
  readonly codec: Codec;
  readonly compression: Compression;
  readonly tls: boolean;
  readonly clientCertificate: boolean;
  readonly service: string;
  readonly method: string;
  readonly request: CaseRequest;
  readonly expected: ExpectedResponse;
  readonly otherAllowedErrorCodes: readonly string[];
}

/** What a client has seen of one call. */
export interface CaseResult {
  /** From the begin of the call to the first message of the answer, or to its end without one. */
  firstAnswerMs: number;
  httpStatus: number | undefined;
  headers: readonly CaseHeader[];
  trailers: readonly CaseHeader[];
  readonly payloads: CasePayload[];
  error: CaseError | undefined;
  /** What is wrong on the wire although a lenient client would not notice, and what broke on the way. Anything here fails the case. */
  readonly feedback: string[];
}
