import type { DescField, DescMessage, Registry } from '@bufbuild/protobuf';
import { fromBinary, fromJsonString, toBinary, toJsonString } from '@bufbuild/protobuf';
import { RpcError } from '../status/index.js';
import { absentJson } from './absent.js';
import type { Codec, MessageCodec } from './codec.js';
import type { ByteWriter } from './primitive/index.js';

/** The longest detail of a library's error that a client is shown. */
const MAX_DETAIL_LENGTH = 300;

/**
 * The codec through message objects of @bufbuild/protobuf: slow, and the oracle of the compiled one.
 * `registry` holds the types of `google.protobuf.Any` and the extensions.
 */
export function bufbuildCodec(registry: Registry): Codec {
  const codecs = new Map<DescMessage, MessageCodec>();
  const forMessage = (type: DescMessage) => {
    let codec = codecs.get(type);
    if (codec === undefined) {
      codec = messageCodec(type, registry);
      codecs.set(type, codec);
    }
    return codec;
  };
  return { forMessage, forField: (type, field) => fieldCodec(forMessage(type), field) };
}

/** Through the JSON of the whole message, which JavaScript reads: large numbers are strings in what is printed. */
function fieldCodec(whole: MessageCodec, field: DescField): MessageCodec {
  return {
    writeJson(bytes, start, end, out) {
      const mark = out.length;
      whole.writeJson(bytes, start, end, out);
      const json = JSON.parse(out.buffer.toString('utf8', mark, out.length)) as Record<string, unknown>;
      out.length = mark;
      if (Object.hasOwn(json, field.jsonName)) out.text(JSON.stringify(json[field.jsonName]));
      else out.bytes(absentJson(field));
    },
    fromJson(json) {
      JSON.parse(json);
      return whole.fromJson(`{${JSON.stringify(field.jsonName)}:${json}}`);
    },
    assertWire: whole.assertWire,
  };
}

function messageCodec(type: DescMessage, registry: Registry): MessageCodec {
  return {
    writeJson(bytes: Uint8Array, start: number, end: number, out: ByteWriter): void {
      let json: string;
      try {
        json = toJsonString(type, fromBinary(type, bytes.subarray(start, end)), { registry });
      } catch (cause) {
        throw new RpcError(
          'UPSTREAM_INVALID_MESSAGE',
          `the service sent an invalid ${type.typeName}: ${detail(cause)}`,
          {
            cause,
          },
        );
      }
      out.text(json);
    },
    fromJson(json: string): Uint8Array {
      try {
        return toBinary(type, fromJsonString(type, json, { registry }));
      } catch (cause) {
        throw new RpcError('INVALID_MESSAGE', `invalid JSON: ${detail(cause)}`, { cause });
      }
    },
    assertWire(wire: Uint8Array): void {
      try {
        fromBinary(type, wire);
      } catch (cause) {
        const problem = `the frame is not a ${type.typeName}: ${detail(cause)}`;
        throw new RpcError('INVALID_MESSAGE', problem, { cause });
      }
    },
  };
}

/** The library's errors name type and field; the stack's end is the one that says nothing of use. */
function detail(cause: unknown): string {
  if (!(cause instanceof Error)) return 'unknown failure';
  if (cause instanceof RangeError && cause.message.startsWith('Maximum call stack'))
    return 'nested too deeply';
  return cause.message.slice(0, MAX_DETAIL_LENGTH);
}
