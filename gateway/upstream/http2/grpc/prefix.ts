import { RpcError } from '../../../status/index.js';

/** One flag byte and four bytes of length before each message. Source: grpc/doc/PROTOCOL-HTTP2.md, "Length-Prefixed-Message". */
export const PREFIX_BYTES = 5;

/** The length that a prefix says, without a look at its flag. */
export function lengthInPrefix(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at + 1] as number) * 2 ** 24 +
    (((bytes[at + 2] as number) << 16) | ((bytes[at + 3] as number) << 8) | (bytes[at + 4] as number))
  );
}

/** Throws an RpcError when the bytes are no gRPC, or the message is too large: before memory is taken for it. */
export function assertPrefix(flag: number, length: number, maxMessageBytes: number): void {
  if (flag > 1) {
    throw new RpcError(
      'UPSTREAM_PROTOCOL_ERROR',
      `the upstream sent a message with the unknown flag ${flag}`,
    );
  }
  if (length > maxMessageBytes) {
    throw new RpcError(
      'UPSTREAM_TOO_LARGE',
      `the upstream sent a message of ${length} bytes, the limit is ${maxMessageBytes}`,
    );
  }
}
