import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import t from 'tap';
import { fileWithLateComments, shareComments } from '../../../../gateway/schema/base/index.js';
import { filesFromSet } from '../../../../gateway/schema/load/file-bytes.js';
import { baseSetBytes } from '../../../../scripts/base-set.js';

const FILE = create(FileDescriptorProtoSchema, {
  name: 'a.proto',
  messageType: [{ name: 'M' }],
  sourceCodeInfo: { location: [{ path: [4, 0], span: [1, 2, 3], leadingComments: ' A thing. ' }] },
  syntax: 'proto3',
});
const BYTES = toBinary(FileDescriptorProtoSchema, FILE);

/** source_code_info with this content. */
function commentsField(...content: number[]): Uint8Array {
  return Uint8Array.of((9 << 3) | 2, content.length, ...content);
}

/** Whether the comments are still bytes. */
function isLate(file: FileDescriptorProto): boolean {
  return Object.getOwnPropertyDescriptor(file, 'sourceCodeInfo')?.get !== undefined;
}

t.test('a file is the one that it is when all of it is read at once', async (t) => {
  const file = fileWithLateComments(BYTES);
  t.ok(isLate(file));
  t.strictSame(toBinary(FileDescriptorProtoSchema, file), BYTES);
  t.equal(file.sourceCodeInfo, file.sourceCodeInfo, 'read once');
  t.equal(file.sourceCodeInfo?.location[0]?.leadingComments, ' A thing. ');
  const copy = create(FileDescriptorProtoSchema);
  shareComments(file, copy);
  t.ok(isLate(copy));
  t.equal(copy.sourceCodeInfo, file.sourceCodeInfo);
  copy.sourceCodeInfo = undefined;
  t.equal(copy.sourceCodeInfo, undefined);
  t.equal(file.sourceCodeInfo?.location.length, 1, 'the other keeps them');
});

t.test('each file of a set is written as it was', async (t) => {
  const set = baseSetBytes();
  const files = filesFromSet(set) as FileDescriptorProto[];
  t.ok(files.length > 5);
  t.strictSame(
    files.map((file) => Buffer.from(toBinary(FileDescriptorProtoSchema, file))),
    fromBinary(FileDescriptorSetSchema, set).file.map((file) =>
      Buffer.from(toBinary(FileDescriptorProtoSchema, file)),
    ),
  );
});

t.test(
  'a file without comments has none, and one that was made by hand shares them as they are',
  async (t) => {
    const file = fileWithLateComments(Uint8Array.of(10, 1, 97));
    t.equal(file.name, 'a');
    t.equal(file.sourceCodeInfo, undefined);
    const copy = create(FileDescriptorProtoSchema);
    shareComments(file, copy);
    t.equal(copy.sourceCodeInfo, undefined);
    shareComments(FILE, copy);
    t.equal(copy.sourceCodeInfo, FILE.sourceCodeInfo);
  },
);

t.test('comments in several parts are one', async (t) => {
  const twice = Buffer.concat([BYTES, BYTES.subarray(BYTES.indexOf((9 << 3) | 2))]);
  const whole = fromBinary(FileDescriptorProtoSchema, twice);
  t.equal(whole.sourceCodeInfo?.location.length, 2);
  t.strictSame(fileWithLateComments(twice).sourceCodeInfo, whole.sourceCodeInfo);
});

t.test('comments that cannot be read are none; what else cannot be read throws', async (t) => {
  const file = fileWithLateComments(Buffer.concat([Uint8Array.of(10, 1, 97), commentsField(10, 99)]));
  t.equal(file.name, 'a');
  t.equal(file.sourceCodeInfo, undefined);
  t.throws(() => fileWithLateComments(BYTES.subarray(0, -3)));
  t.throws(() => fileWithLateComments(Buffer.concat([commentsField(), Uint8Array.of(10, 99)])));
});
