import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { type ClientFrame, notUint32, SessionFault } from './frames.js';

/**
 * A frame of `sluice.v1.proto`. `data` of a message is a part of `bytes`, not a copy. Throws `SessionFault` for what is not
 * a frame, or has a field that frames do not have: a client that expects more than this version is told at once.
 */
export function clientFrameFromProto(bytes: Buffer): ClientFrame {
  try {
    const reader = new BinaryReader(bytes);
    if (reader.pos === reader.len) throw new SessionFault('an empty frame');
    const [number, wireType] = reader.tag();
    if (wireType !== WireType.LengthDelimited) throw new SessionFault(`unknown frame ${number}`);
    const body = reader.bytes();
    if (reader.pos !== reader.len) throw new SessionFault('a second frame in one');
    return readFrame(number, body as Buffer);
  } catch (reason) {
    if (reason instanceof SessionFault) throw reason;
    throw new SessionFault('the frame is not a sluice.v1.ClientFrame');
  }
}

function readFrame(number: number, body: Buffer): ClientFrame {
  switch (number) {
    case 1:
      return readOpen(body);
    case 2:
      return readMessage(body);
    case 3:
      return { kind: 'halfClose', id: readNumbers(body, ['id'])[0] ?? 0 };
    case 4:
      return { kind: 'cancel', id: readNumbers(body, ['id'])[0] ?? 0 };
    case 5: {
      const [id = 0, messages = 0, bytes = 0] = readNumbers(body, ['id', 'messages', 'bytes']);
      return { kind: 'credit', id, messages, bytes };
    }
    case 6:
      return { kind: 'ping', token: readToken(body) };
    case 7:
      return { kind: 'auth', token: readToken(body) };
    case 8:
      return { kind: 'stop', id: readNumbers(body, ['id'])[0] ?? 0 };
    default:
      throw new SessionFault(`unknown frame ${number}`);
  }
}

/** A text, the only field. */
function readToken(body: Buffer): string {
  let token = '';
  eachField(body, (reader, field, wireType) => {
    if (field !== 1 || wireType !== WireType.LengthDelimited) throw unknownField(field);
    token = reader.string(true);
  });
  return token;
}

function readOpen(body: Buffer): ClientFrame {
  let id = 0;
  let method = '';
  let timeoutMs = 0;
  let credit = 0;
  let creditBytes = 0;
  let cursor = '';
  let location = '';
  let detach = false;
  let idempotencyKey = '';
  const metadata = new Map<string, string>();
  eachField(body, (reader, field, wireType) => {
    const isText = field === 2 || field === 3 || field === 6 || field === 8 || field === 10;
    if (wireType !== (isText ? WireType.LengthDelimited : WireType.Varint)) throw unknownField(field);
    if (field === 1) id = readUint32(reader, 'id');
    else if (field === 2) method = reader.string(true);
    else if (field === 3) metadata.set(...readEntry(reader.bytes() as Buffer));
    else if (field === 4) timeoutMs = readUint32(reader, 'timeoutMs');
    else if (field === 5) credit = readUint32(reader, 'credit');
    else if (field === 6) cursor = reader.string(true);
    else if (field === 7) creditBytes = readUint32(reader, 'creditBytes');
    else if (field === 8) location = reader.string(true);
    else if (field === 9) detach = reader.bool();
    else if (field === 10) idempotencyKey = reader.string(true);
    else throw unknownField(field);
  });
  return {
    kind: 'open',
    id,
    method,
    metadata: [...metadata],
    timeoutMs,
    credit,
    creditBytes,
    cursor,
    location,
    detach,
    idempotencyKey,
  };
}

function readMessage(body: Buffer): ClientFrame {
  let id = 0;
  let data = body.subarray(0, 0);
  eachField(body, (reader, field, wireType) => {
    if (field === 1 && wireType === WireType.Varint) id = readUint32(reader, 'id');
    else if (field === 2 && wireType === WireType.LengthDelimited) data = reader.bytes() as Buffer;
    // A client has no cursors and no bytes to tell; what is there says nothing.
    else if (field === 3 && wireType === WireType.LengthDelimited) reader.string(true);
    else if (field === 4 && wireType === WireType.Varint) readUint32(reader, 'bytes');
    else throw unknownField(field);
  });
  return { kind: 'message', id, data };
}

/** One entry of a map of texts. */
function readEntry(body: Buffer): [string, string] {
  const pair: [string, string] = ['', ''];
  eachField(body, (reader, field, wireType) => {
    if ((field !== 1 && field !== 2) || wireType !== WireType.LengthDelimited) throw unknownField(field);
    pair[field - 1] = reader.string(true);
  });
  return pair;
}

/** The fields from 1 on, all of them numbers of 32 bits, by their names. */
function readNumbers(body: Buffer, names: readonly string[]): number[] {
  const numbers = new Array<number>(names.length).fill(0);
  eachField(body, (reader, field, wireType) => {
    const name = names[field - 1];
    if (name === undefined || wireType !== WireType.Varint) throw unknownField(field);
    numbers[field - 1] = readUint32(reader, name);
  });
  return numbers;
}

/** Longer varints hold more than 32 bits; the reader would cut them, and -1 would be a large number. */
const MAX_VARINT_BYTES = 5;

/** Reads a number, and refuses one that a uint32 cannot hold. */
function readUint32(reader: BinaryReader, name: string): number {
  const start = reader.pos;
  const value = reader.uint32();
  if (reader.pos - start >= MAX_VARINT_BYTES) {
    reader.pos = start;
    const whole = reader.int64();
    if (BigInt(whole) !== BigInt(value)) throw new SessionFault(notUint32(name, String(whole)));
  }
  return value;
}

function eachField(
  body: Buffer,
  read: (reader: BinaryReader, field: number, wireType: WireType) => void,
): void {
  const reader = new BinaryReader(body);
  while (reader.pos < reader.len) {
    const [field, wireType] = reader.tag();
    read(reader, field, wireType);
  }
}

function unknownField(field: number): SessionFault {
  return new SessionFault(`unknown field ${field}`);
}
