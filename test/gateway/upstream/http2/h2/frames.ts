/** An HTTP/2 frame as it stands on the wire. */
export function frameOf(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

/** 32-bit numbers, one behind the other. */
export function numbers(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4);
  return bytes;
}

/** One entry of SETTINGS. */
export function setting(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt16BE(id, 0);
  bytes.writeUInt32BE(value, 2);
  return bytes;
}

/** Header fields, none of them learnt, without Huffman codes. */
export function literals(...fields: readonly (readonly [name: string, value: string])[]): Buffer {
  const text = (value: string) => {
    if (value.length > 126) throw new RangeError('too long for this');
    return Buffer.concat([Buffer.from([value.length]), Buffer.from(value, 'latin1')]);
  };
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), text(name), text(value)]));
}

/** The head of a gRPC answer, and its trailers with status 0. */
export const head = literals([':status', '200'], ['content-type', 'application/grpc']);
export const okTrailers = literals(['grpc-status', '0']);
