import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import type { Status } from '../../status/index.js';
import type { JoinedMetadata, ServerFrame } from './frames.js';

const LEN = WireType.LengthDelimited;
const VARINT = WireType.Varint;

/** A frame as bytes of `sluice.v1.proto`. */
export function protoFromServerFrame(frame: ServerFrame): Uint8Array {
  const writer = new BinaryWriter();
  const begin = (number: number) => writer.tag(number, LEN).fork();
  switch (frame.kind) {
    case 'opened':
      putNumbers(begin(1), frame.id, frame.credit, frame.creditBytes ?? 0);
      putText(writer, 4, frame.location ?? '');
      break;
    case 'headers':
      begin(2);
      putNumbers(writer, frame.id);
      putMap(writer, 2, frame.metadata);
      break;
    case 'end':
      begin(4);
      putNumbers(writer, frame.id);
      putStatus(writer.tag(2, LEN).fork(), frame.status);
      writer.join();
      putMap(writer, 3, frame.trailers);
      if (frame.truncated) writer.tag(4, VARINT).bool(true);
      break;
    case 'credit':
      putNumbers(begin(5), frame.id, frame.messages, frame.bytes ?? 0);
      break;
    case 'pong':
      putText(begin(6), 1, frame.token);
      break;
    case 'gap':
      putNumbers(begin(7), frame.id);
      putText(writer, 2, frame.requested);
      putText(writer, 3, frame.resumed);
      break;
    case 'dropped':
      putNumbers(begin(8), frame.id, frame.count);
      break;
    case 'goAway':
      putNumbers(begin(9), frame.graceMs, frame.reconnectAfterMs);
      break;
    case 'authenticated':
      putNumbers(begin(10), frame.expiresInMs ?? 0);
      break;
    case 'authExpires':
      putNumbers(begin(11), frame.inMs);
      break;
  }
  return writer.join().finish();
}

/** The most bytes that stand before the bytes of a message, or of its cursor. */
export const PROTO_HEAD_BYTES = 24;

/**
 * Writes what stands before the bytes of a message, which follow as they are, and returns where it ends. There must be room for
 * `PROTO_HEAD_BYTES`.
 */
export function putProtoMessageHead(
  out: Uint8Array,
  start: number,
  id: number,
  dataLength: number,
  cursorLength: number | undefined,
): number {
  const cursorBytes = cursorLength === undefined ? 0 : 1 + varintLength(cursorLength) + cursorLength;
  const body = 1 + varintLength(id) + 1 + varintLength(dataLength) + dataLength + cursorBytes;
  let at = start;
  out[at++] = 0x1a;
  at = putVarint(out, at, body);
  out[at++] = 0x08;
  at = putVarint(out, at, id);
  out[at++] = 0x12;
  return putVarint(out, at, dataLength);
}

/** The same between the bytes of a message and those of its cursor. */
export function putProtoCursorHead(out: Uint8Array, start: number, cursorLength: number): number {
  out[start] = 0x1a;
  return putVarint(out, start + 1, cursorLength);
}

function putVarint(out: Uint8Array, start: number, value: number): number {
  let at = start;
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) out[at++] = (rest & 0x7f) | 0x80;
  out[at] = rest;
  return at + 1;
}

function varintLength(value: number): number {
  let length = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) length += 1;
  return length;
}

/** The fields 1, 2 and so on; those that are 0 are left out, as protobuf does. */
function putNumbers(writer: BinaryWriter, ...numbers: number[]): void {
  for (const [index, value] of numbers.entries())
    if (value !== 0) writer.tag(index + 1, VARINT).uint32(value);
}

function putText(writer: BinaryWriter, number: number, text: string): void {
  if (text !== '') writer.tag(number, LEN).string(text.toWellFormed());
}

function putMap(writer: BinaryWriter, number: number, map: JoinedMetadata): void {
  for (const [name, value] of map) {
    writer.tag(number, LEN).fork();
    putText(writer, 1, name);
    putText(writer, 2, value);
    writer.join();
  }
}

/** google.rpc.Status. */
function putStatus(writer: BinaryWriter, { code, message, details }: Status): void {
  if (code !== 0) writer.tag(1, VARINT).int32(code);
  putText(writer, 2, message);
  for (const { typeUrl, value } of details) {
    writer.tag(3, LEN).fork();
    putText(writer, 1, typeUrl);
    if (value.length > 0) writer.tag(2, LEN).bytes(value);
    writer.join();
  }
}
