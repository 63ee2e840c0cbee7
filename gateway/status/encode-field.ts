/** A text as a field of a protobuf message. */
export function encodeTextField(number: number, text: string): Buffer {
  return encodeField(number, Buffer.from(text));
}

/** Bytes, or a message, as a field of a protobuf message; `number` below 16. */
export function encodeField(number: number, bytes: Uint8Array): Buffer {
  const head = [(number << 3) | 2];
  let rest = bytes.length;
  for (; rest > 0x7f; rest >>>= 7) head.push((rest & 0x7f) | 0x80);
  head.push(rest);
  return Buffer.concat([Buffer.from(head), bytes]);
}
