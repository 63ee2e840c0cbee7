import protobuf from 'protobufjs/light.js';

/** The messages of a service as bytes and as objects: fields as they are called in the .proto, 64-bit numbers and enums as text, defaults filled in. */
export interface MessageCodecs {
  decode(type: string, bytes: Uint8Array): unknown;
  /** Throws for what is no message of the type. */
  encode(type: string, value: object): Buffer;
}

/** `scripts/generate-types.mjs` generates proto/types with the same. */
const OBJECT_OPTIONS: protobuf.IConversionOptions = {
  longs: String,
  enums: String,
  defaults: true,
  oneofs: true,
};

/** Of the types in `proto/services.json`. What a type needs to be read and written is compiled when it is used first. */
export function openMessageCodecs(types: protobuf.INamespace): MessageCodecs {
  const root = protobuf.Root.fromJSON(types);
  const byName = new Map<string, protobuf.Type>();
  const typeOf = (name: string): protobuf.Type => {
    const known = byName.get(name);
    if (known !== undefined) return known;
    const type = root.lookupType(name);
    byName.set(name, type);
    return type;
  };
  return {
    decode(name, bytes) {
      const type = typeOf(name);
      return type.toObject(type.decode(bytes), OBJECT_OPTIONS);
    },
    encode(name, value) {
      const type = typeOf(name);
      // In Node its writer makes Buffers.
      return type.encode(type.fromObject(value)).finish() as Buffer;
    },
  };
}
