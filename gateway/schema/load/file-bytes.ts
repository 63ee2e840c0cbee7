import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import type { FileDescriptorProto } from '@bufbuild/protobuf/wkt';
import { fileWithLateComments } from '../base/index.js';
import { SchemaProblem } from '../problem/index.js';
import { FieldCursor, NotPlain } from './scan/index.js';

/** The file that bytes are, or what is wrong with them. */
export function fileFromBytes(bytes: Uint8Array): FileDescriptorProto | SchemaProblem {
  try {
    const file = fileWithLateComments(bytes);
    if (file.name !== '') return file;
  } catch {
    const name = nameInBytes(bytes);
    return new SchemaProblem(name ?? 'a file', 'its descriptor cannot be read', name);
  }
  return new SchemaProblem('a file', 'its descriptor is without a name');
}

/** The files of a serialized FileDescriptorSet one by one, so that a broken one does not take the others away. */
export function filesFromSet(bytes: Uint8Array): (FileDescriptorProto | SchemaProblem)[] {
  const files: (FileDescriptorProto | SchemaProblem)[] = [];
  try {
    const reader = new BinaryReader(bytes);
    while (reader.pos < reader.len) {
      const [number, type] = reader.tag();
      if (number === FILE && type === WireType.LengthDelimited) files.push(fileFromBytes(reader.bytes()));
      else reader.skip(type, number);
    }
  } catch {
    files.push(new SchemaProblem('the descriptor set', 'it ends in the middle of a file'));
  }
  return files;
}

/** FileDescriptorSet.file and FileDescriptorProto.name. */
const FILE = 1;
const NAME = 1;
/** Longest name that is shown. */
const MAX_NAME_BYTES = 500;

/** The name of a file that cannot be read as a whole: it comes first. */
function nameInBytes(bytes: Uint8Array): string | undefined {
  try {
    const reader = new BinaryReader(bytes);
    const [number, type] = reader.tag();
    if (number !== NAME || type !== WireType.LengthDelimited) return undefined;
    const name = reader.bytes();
    return name.length > MAX_NAME_BYTES ? undefined : new TextDecoder('utf-8', { fatal: true }).decode(name);
  } catch {
    return undefined;
  }
}

/** Which fields of a descriptor are descriptors themselves: FileDescriptorProto first, then by what is in it. */
interface Shape {
  readonly [field: number]: Shape | undefined;
}
const OPTIONS: Shape = {};
const FIELD: Shape = { 8: OPTIONS };
const ENUM: Shape = { 2: { 3: OPTIONS }, 3: OPTIONS };
const MESSAGE: { [field: number]: Shape } = {
  2: FIELD,
  4: ENUM,
  5: { 3: OPTIONS },
  6: FIELD,
  7: OPTIONS,
  8: { 2: OPTIONS },
  9: {},
};
MESSAGE[3] = MESSAGE;
const FILE_SHAPE: Shape = {
  4: MESSAGE,
  5: ENUM,
  6: { 2: { 4: OPTIONS }, 3: OPTIONS },
  7: FIELD,
  8: OPTIONS,
};
const COMMENTS = 9;
const COMMENTS_SHAPE: Shape = { [COMMENTS]: { 1: {} } };

/**
 * How many values a serialized FileDescriptorProto has, at most `limit` + 1: two bytes of it can be an object of hundreds of bytes in
 * memory, so they are counted before they are read. Linear, without making anything. Its comments count as one value: they stay bytes.
 */
export function countParts(bytes: Uint8Array, limit: number): number {
  return countIn(bytes, FILE_SHAPE, limit);
}

/** The same of its comments and places in the source, for whom they are read. */
export function countComments(bytes: Uint8Array, limit: number): number {
  return countIn(bytes, COMMENTS_SHAPE, limit);
}

/** The file without its comments and places in the source. */
export function withoutComments(bytes: Uint8Array): Uint8Array {
  const kept: Uint8Array[] = [];
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const at = reader.pos;
    const [number, type] = reader.tag();
    reader.skip(type, number);
    if (number !== COMMENTS) kept.push(bytes.subarray(at, reader.pos));
  }
  return Buffer.concat(kept);
}

function countIn(bytes: Uint8Array, shape: Shape, limit: number): number {
  try {
    return countPlain(new FieldCursor(bytes, 0, bytes.length), shape, limit);
  } catch (error) {
    if (!(error instanceof NotPlain)) throw error;
    return countAny(bytes, shape, limit);
  }
}

/** Throws `NotPlain` where there are groups, or the bytes are malformed. */
function countPlain(root: FieldCursor, rootShape: Shape, limit: number): number {
  const stack = [{ cursor: root, shape: rootShape }];
  let parts = 0;
  for (let top = stack.at(-1); top !== undefined && parts <= limit; top = stack.at(-1)) {
    const { cursor, shape } = top;
    if (!cursor.next()) {
      stack.pop();
      continue;
    }
    parts += 1;
    const inner = shape[cursor.number];
    if (inner !== undefined) stack.push({ cursor: cursor.inner(), shape: inner });
  }
  return parts;
}

function countAny(bytes: Uint8Array, rootShape: Shape, limit: number): number {
  const stack: { reader: BinaryReader; shape: Shape }[] = [
    { reader: new BinaryReader(bytes), shape: rootShape },
  ];
  let parts = 0;
  try {
    for (let top = stack.at(-1); top !== undefined && parts <= limit; top = stack.at(-1)) {
      const { reader, shape } = top;
      if (reader.pos >= reader.len) {
        stack.pop();
        continue;
      }
      const [number, type] = reader.tag();
      parts += 1;
      const inner = type === WireType.LengthDelimited ? shape[number] : undefined;
      if (inner === undefined) reader.skip(type, number);
      else stack.push({ reader: new BinaryReader(reader.bytes()), shape: inner });
    }
  } catch {
    // Not a descriptor: whoever reads it says so.
  }
  return parts;
}
