/** Error codes of HTTP/2. Source: RFC 9113 section 7. */
export const ErrorCode = {
  NO_ERROR: 0,
  PROTOCOL_ERROR: 1,
  INTERNAL_ERROR: 2,
  FLOW_CONTROL_ERROR: 3,
  FRAME_SIZE_ERROR: 6,
  REFUSED_STREAM: 7,
  CANCEL: 8,
  COMPRESSION_ERROR: 9,
  ENHANCE_YOUR_CALM: 11,
  INADEQUATE_SECURITY: 12,
} as const;

/** Frame types. Source: RFC 9113 section 6. */
export const FrameType = {
  DATA: 0,
  HEADERS: 1,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

export const Flag = { ACK: 1, END_STREAM: 1, END_HEADERS: 4, PADDED: 8, PRIORITY: 0x20 } as const;

/** Settings. Source: RFC 9113 section 6.5.2. */
export const Setting = {
  HEADER_TABLE_SIZE: 1,
  ENABLE_PUSH: 2,
  MAX_CONCURRENT_STREAMS: 3,
  INITIAL_WINDOW_SIZE: 4,
  MAX_FRAME_SIZE: 5,
  MAX_HEADER_LIST_SIZE: 6,
} as const;

/** Largest flow-control window, and largest stream id. */
export const MAX_UINT31 = 2 ** 31 - 1;

/** The peer has broken the protocol: the connection is closed with this. Its message is a sentence about the upstream, for logs. */
export class ConnectionError extends Error {
  /** The HTTP/2 error code that the peer is told. */
  readonly code: number;

  /** `breach`: what the peer did, as the end of "the upstream ...". */
  constructor(code: number, breach: string) {
    super(`the upstream ${breach}`);
    this.name = 'ConnectionError';
    this.code = code;
  }
}
