import { encodeField, encodeTextField } from './encode-field.js';
import type { Status } from './status.js';

/**
 * A status as the bytes of a google.rpc.Status { int32 code = 1; string message = 2; repeated google.protobuf.Any details = 3 }, which is what
 * `grpc-status-details-bin` carries. `undefined` where there are no details: then the code and the text say all of it.
 */
export function richStatusBytes({ code, message, details }: Status): Buffer | undefined {
  if (details.length === 0) return undefined;
  return Buffer.concat([
    Buffer.from([1 << 3, code]),
    encodeTextField(2, message),
    ...details.map(({ typeUrl, value }) =>
      encodeField(3, Buffer.concat([encodeTextField(1, typeUrl), encodeField(2, value)])),
    ),
  ]);
}
