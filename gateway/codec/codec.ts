import type { DescField, DescMessage } from '@bufbuild/protobuf';
import type { ByteWriter } from './primitive/index.js';

/**
 * ProtoJSON <-> wire bytes for one message type.
 * Source: https://protobuf.dev/programming-guides/json/
 */
export interface MessageCodec {
  /**
   * Appends the canonical ProtoJSON of the message that lies in `bytes` from `start` to `end`, on one line, as UTF-8. Throws `RpcError` INTERNAL when the
   * bytes are not a valid message (they come from the service); `out` then holds a part of it and must be
   * reset to where it was.
   */
  writeJson(bytes: Uint8Array, start: number, end: number, out: ByteWriter): void;
  /**
   * The wire bytes of a JSON text. Throws `RpcError` INVALID_ARGUMENT with a message that names the field
   * when the text is not the ProtoJSON of this type.
   */
  fromJson(json: string): Uint8Array;
  /**
   * Throws `RpcError` INVALID_ARGUMENT when the bytes of a client are not a message of this type. The service would refuse it as
   * well, but blame itself: an unparsable request is INTERNAL to most of them.
   */
  assertWire(wire: Uint8Array): void;
}

/** Makes codecs; one a schema, because `google.protobuf.Any` needs the schema's types. */
export interface Codec {
  /** The codec of a type. Made on first use and kept. */
  forMessage(type: DescMessage): MessageCodec;
  /**
   * The codec of one field of a type, alone: its JSON is the value of the field, its wire bytes are a message with nothing else in it.
   * `writeJson` reads a whole message and prints the field; one that is not there is `[]` as a list, `{}` as a map, its zero where that means
   * the same (no presence), else `null`. What else the message holds is only looked at for where it ends. Made on first use and kept.
   */
  forField(type: DescMessage, field: DescField): MessageCodec;
}
