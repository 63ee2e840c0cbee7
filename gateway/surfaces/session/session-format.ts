import { type ByteWriter, scalarField } from '../../codec/index.js';
import type { StatusDetail } from '../../status/index.js';
import { Opcode } from '../../wire/index.js';
import {
  type ClientFrame,
  clientFrameFromJson,
  clientFrameFromProto,
  JSON_PROTOCOL,
  jsonFromServerFrame,
  jsonMessageHead,
  jsonMessageTail,
  PROTO_HEAD_BYTES,
  PROTO_PROTOCOL,
  protoFromServerFrame,
  putProtoCursorHead,
  putProtoMessageHead,
  type ServerFrame,
} from '../../wire/session/index.js';
import type { MethodRequest } from '../exchange/index.js';
import { scratch } from '../message/index.js';
import { beginFrame, endFrame, writeBinaryFrame } from '../socket/index.js';

const EMPTY = new Uint8Array(0);

/** How a sub-protocol spells frames. */
export interface SessionFormat {
  readonly protocol: string;
  readonly binary: boolean;
  /** Throws `SessionFault` for what is not a frame. */
  parse(frame: Buffer): ClientFrame;
  /** A frame as a WebSocket message, head included. `detailJson` unpacks the details of a status. */
  control(frame: ServerFrame, detailJson: (detail: StatusDetail) => unknown): Uint8Array;
  /** The wire bytes of a client's message. Throws INVALID_ARGUMENT naming the field. */
  decode(data: Buffer, request: MethodRequest): Uint8Array;
  /**
   * What appends the messages of one call as WebSocket messages, heads included. Throws INTERNAL for bytes that are no message; what was
   * appended is then for the caller to cut. `tellsBytes`: the client counts the bytes of each message as protobuf. `recordedId`: that of the message,
   * where it does not say its cursor itself.
   */
  encoder(
    id: number,
    request: MethodRequest,
    tellsBytes: boolean,
  ): (bytes: Buffer, start: number, end: number, out: ByteWriter, recordedId: string | undefined) => void;
}

const TAIL = Buffer.from(jsonMessageTail(undefined));

const json: SessionFormat = {
  protocol: JSON_PROTOCOL,
  binary: false,
  parse: clientFrameFromJson,
  control(frame, detailJson) {
    // Whatever can fail comes before something is written: others use the same buffer.
    const text = jsonFromServerFrame(frame, detailJson);
    const at = beginFrame(scratch);
    scratch.text(text);
    endFrame(scratch, at, Opcode.text);
    return scratch.take();
  },
  decode(data, { requestCodec }) {
    // The WebSocket library has checked that text is UTF-8.
    return data.length === 0 ? EMPTY : requestCodec.fromJson(data.toString('utf8'));
  },
  encoder(id, request, tellsBytes) {
    const { responseCodec } = request;
    const head = Buffer.from(jsonMessageHead(id));
    return (bytes, start, end, out, recordedId) => {
      const at = beginFrame(out);
      out.bytes(head);
      responseCodec.writeJson(bytes, start, end, out);
      const cursor = recordedId ?? cursorOf(bytes, start, end, request);
      if (cursor === undefined && !tellsBytes) out.bytes(TAIL);
      else out.text(jsonMessageTail(cursor, tellsBytes ? end - start : undefined));
      endFrame(out, at, Opcode.text);
    };
  },
};

const proto: SessionFormat = {
  protocol: PROTO_PROTOCOL,
  binary: true,
  parse: clientFrameFromProto,
  control(frame) {
    const bytes = protoFromServerFrame(frame);
    writeBinaryFrame(bytes, 0, bytes.length, scratch);
    return scratch.take();
  },
  decode(data, { requestCodec }) {
    requestCodec.assertWire(data);
    return data;
  },
  encoder(id, request) {
    return (bytes, start, end, out, recordedId) => {
      const cursor = recordedId ?? cursorOf(bytes, start, end, request);
      const cursorBytes = cursor === undefined ? undefined : Buffer.from(cursor);
      const at = beginFrame(out);
      out.reserve(PROTO_HEAD_BYTES);
      out.length = putProtoMessageHead(out.buffer, out.length, id, end - start, cursorBytes?.length);
      out.part(bytes, start, end);
      if (cursorBytes !== undefined) {
        out.reserve(PROTO_HEAD_BYTES);
        out.length = putProtoCursorHead(out.buffer, out.length, cursorBytes.length);
        out.bytes(cursorBytes);
      }
      endFrame(out, at, Opcode.binary);
    };
  },
};

/** Undefined where the method has no cursors. */
function cursorOf(bytes: Buffer, start: number, end: number, { method }: MethodRequest): string | undefined {
  return method.resume && scalarField(bytes.subarray(start, end), method.resume.cursor);
}

/** The spelling of a sub-protocol, by its name. Throws TypeError for one that is not ours. */
export function formatOf(protocol: string): SessionFormat {
  for (const format of [json, proto]) if (format.protocol === protocol) return format;
  throw new TypeError(`no sub-protocol ${JSON.stringify(protocol)}`);
}
