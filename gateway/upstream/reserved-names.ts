/**
 * Names that are not application metadata: HTTP/1 connection handling, which breaks the shared HTTP/2
 * connection for every call on it, and what gRPC sets itself.
 * Sources: RFC 9113 section 8.2.2; grpc/doc/PROTOCOL-HTTP2.md.
 */
const RESERVED = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'host',
  'te',
  'trailer',
  'content-type',
  'content-length',
  'content-encoding',
  'accept-encoding',
  'user-agent',
  // Servers on Node add it to every answer; it says nothing about the call.
  'date',
]);

const LEGAL_NAME = /^[0-9a-z_.-]+$/;
const LEGAL_TEXT = /^[\x20-\x7e]*$/;
const LEGAL_BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** Whether a name belongs to HTTP or gRPC itself. Such names are neither sent nor handed on when received. */
export function isReservedName(name: string): boolean {
  return name.startsWith(':') || name.startsWith('grpc-') || RESERVED.has(name);
}

/** Names that may be sent, so that those of every call are looked at once. Clients choose names, so there is an end to it. */
const sendable = new Set<string>();
const MAX_SENDABLE = 1_000;
const MAX_SENDABLE_LENGTH = 64;

/** What is wrong with a pair that is to be sent, or `undefined`. Says the name, never the value. */
export function faultOfPair(name: string, value: string): string | undefined {
  if (!sendable.has(name)) {
    if (!LEGAL_NAME.test(name)) return `metadata name ${JSON.stringify(name)} may hold only 0-9 a-z _ . -`;
    if (isReservedName(name)) return `metadata name "${name}" is reserved for HTTP and gRPC`;
    if (sendable.size < MAX_SENDABLE && name.length <= MAX_SENDABLE_LENGTH) sendable.add(name);
  }
  if (name.endsWith('-bin'))
    return LEGAL_BASE64.test(value) ? undefined : `metadata "${name}" must be base64`;
  return LEGAL_TEXT.test(value) ? undefined : `metadata "${name}" must be printable ASCII`;
}
