/** A text as a field of a protobuf message. */
export function encodeTextField(number: number, text: string): Buffer {
  return encodeField(number, Buffer.from(text));
}

/** Bytes, or a message, as a field of a protobuf message; `number` below 16. */
export function encodeField(number: number, bytes: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2, ...varintOf(bytes.length)]), bytes]);
}

/** A number from 0 to 2^31 - 1 as a field of a protobuf message; `number` below 16. Nothing for 0. */
export function encodeNumberField(number: number, value: number): Buffer {
  return Buffer.from(value === 0 ? [] : [number << 3, ...varintOf(value)]);
}

function varintOf(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return [...bytes, rest];
}
