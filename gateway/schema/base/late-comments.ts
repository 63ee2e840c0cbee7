import { fromBinary } from '@bufbuild/protobuf';
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  type SourceCodeInfo,
  SourceCodeInfoSchema,
} from '@bufbuild/protobuf/wkt';

/** FileDescriptorProto.source_code_info. */
const COMMENTS = 9;
const PROPERTY = 'sourceCodeInfo';

/**
 * A serialized FileDescriptorProto whose comments and places in the source are read when somebody asks for them: they are half of the
 * bytes and most of the objects, and nothing needs them but the description of a service. Until then the bytes are kept. Where they cannot
 * be read there are none. Throws when anything else cannot be read.
 */
export function fileWithLateComments(bytes: Uint8Array): FileDescriptorProto {
  const others: Uint8Array[] = [];
  const comments: Uint8Array[] = [];
  const reader = new BinaryReader(bytes);
  let begin = 0;
  while (reader.pos < reader.len) {
    const at = reader.pos;
    const [number, type] = reader.tag();
    if (number !== COMMENTS || type !== WireType.LengthDelimited) {
      reader.skip(type, number);
      continue;
    }
    others.push(bytes.subarray(begin, at));
    comments.push(reader.bytes());
    begin = reader.pos;
  }
  if (comments.length === 0) return fromBinary(FileDescriptorProtoSchema, bytes);
  others.push(bytes.subarray(begin));
  const file = fromBinary(FileDescriptorProtoSchema, Buffer.concat(others));
  // Parts of a message that follow each other are one message.
  const joined = comments.length === 1 ? comments[0] : Buffer.concat(comments);
  return defineLate(file, joined ?? new Uint8Array());
}

/** Gives `to` the comments of `from`, as late as they are there. */
export function shareComments(from: FileDescriptorProto, to: FileDescriptorProto): void {
  const property = Object.getOwnPropertyDescriptor(from, PROPERTY);
  if (property !== undefined) Object.defineProperty(to, PROPERTY, property);
}

function defineLate(file: FileDescriptorProto, bytes: Uint8Array): FileDescriptorProto {
  let info: SourceCodeInfo | undefined;
  return Object.defineProperty(file, PROPERTY, {
    enumerable: true,
    configurable: true,
    get: () => {
      info ??= commentsFrom(bytes);
      return info;
    },
    set(value: SourceCodeInfo | undefined) {
      Object.defineProperty(this, PROPERTY, {
        enumerable: true,
        configurable: true,
        writable: true,
        value,
      });
    },
  });
}

function commentsFrom(bytes: Uint8Array): SourceCodeInfo | undefined {
  try {
    return fromBinary(SourceCodeInfoSchema, bytes);
  } catch {
    return undefined;
  }
}
