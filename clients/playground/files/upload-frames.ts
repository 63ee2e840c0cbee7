import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';

/**
 * The frames of a session in protobuf that an upload needs (PROTOCOL.md, section 12, and proto/sluice/v1/session.proto): bytes stay bytes there. The session has one
 * call, whose id is 1.
 */
export type UploadFrame =
  | { readonly kind: 'credit'; readonly messages: number; readonly bytes: number }
  | { readonly kind: 'message'; readonly data: Uint8Array }
  | { readonly kind: 'end'; readonly code: number; readonly message: string }
  | { readonly kind: 'other' };

/** Numbers of fields in `ClientFrame`. */
const OPEN = 1;
const MESSAGE = 2;
const HALF_CLOSE = 3;
/** In `ServerFrame`. */
const OPENED = 1;
const ANSWER = 3;
const END = 4;
const CREDIT = 5;

/** Answers that may come before the page has taken any: all but a service that answers each piece. */
const ANSWER_CREDIT = 1_000_000;
const CALL = 1;

/** Begins a call of "pkg.Service/Method". Credit is counted in bytes, as in messages. */
export function openUploadFrame(
  method: string,
  metadata: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  return frame(OPEN, (writer) => {
    writer.tag(2, WireType.LengthDelimited).string(method);
    for (const [name, value] of Object.entries(metadata)) {
      writer.tag(3, WireType.LengthDelimited).fork();
      writer.tag(1, WireType.LengthDelimited).string(name).tag(2, WireType.LengthDelimited).string(value);
      writer.join();
    }
    writer.tag(5, WireType.Varint).uint32(ANSWER_CREDIT);
    writer.tag(7, WireType.Varint).uint32(0x7fff_ffff);
  });
}

export function pieceFrame(data: Uint8Array): Uint8Array<ArrayBuffer> {
  return frame(MESSAGE, (writer) => writer.tag(2, WireType.LengthDelimited).bytes(data));
}

export function endOfFileFrame(): Uint8Array<ArrayBuffer> {
  return frame(HALF_CLOSE, () => undefined);
}

function frame(number: number, write: (writer: BinaryWriter) => unknown): Uint8Array<ArrayBuffer> {
  const writer = new BinaryWriter();
  writer.tag(number, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.Varint).uint32(CALL);
  write(writer);
  return writer.join().finish();
}

/** Reads a frame of the gateway. Those of newer gateways are of another kind. Throws for bytes that are none. */
export function uploadFrame(bytes: Uint8Array): UploadFrame {
  const [[number, body] = [0, bytes]] = fieldsOf(bytes);
  if (!(body instanceof Uint8Array)) return { kind: 'other' };
  const fields = new Map(fieldsOf(body));
  const count = (field: number) => Number(fields.get(field) ?? 0);
  switch (number) {
    case OPENED:
    case CREDIT:
      return { kind: 'credit', messages: count(2), bytes: count(3) };
    case ANSWER:
      return { kind: 'message', data: bytesOf(fields.get(2)) };
    case END: {
      const status = new Map(fieldsOf(bytesOf(fields.get(2))));
      const message = new TextDecoder().decode(bytesOf(status.get(2)));
      return { kind: 'end', code: Number(status.get(1) ?? 0), message };
    }
    default:
      return { kind: 'other' };
  }
}

function bytesOf(value: number | Uint8Array | undefined): Uint8Array {
  return value instanceof Uint8Array ? value : new Uint8Array();
}

function fieldsOf(bytes: Uint8Array): [number: number, value: number | Uint8Array][] {
  const reader = new BinaryReader(bytes);
  const found: [number, number | Uint8Array][] = [];
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (type === WireType.Varint) found.push([number, reader.uint32()]);
    else if (type === WireType.LengthDelimited) found.push([number, reader.bytes()]);
    else reader.skip(type, number);
  }
  return found;
}
