import t from 'tap';
import {
  bytesField,
  bytesFieldHead,
  encodeBytesField,
  scalarField,
} from '../../../../gateway/codec/index.js';
import { Code } from '../../../../gateway/status/index.js';
import { fieldOf, hex, messageOf, protoRegistry } from '../proto-source.js';
import { refusal } from '../refusal.js';

const registry = protoRegistry({
  'item.proto': `
    syntax = "proto3";
    package t;
    enum Color { RED = 0; BLUE = 1; }
    message Item {
      int32 i32 = 1; int64 i64 = 2; uint32 u32 = 3; uint64 u64 = 4; sint32 s32 = 5; sint64 s64 = 6;
      fixed32 f32 = 7; fixed64 f64 = 8; sfixed32 sf32 = 9; sfixed64 sf64 = 10; bool flag = 11; string name = 12;
      Color color = 13; double ratio = 14; float part = 15; bytes data = 16; optional string note = 17;
      oneof choice { string left = 18; int32 right = 19; }
      repeated int32 many = 20;
    }`,
});
const item = messageOf(registry, 't.Item');
const read = (wire: string, name: string) => scalarField(hex(wire), fieldOf(item, name));
const internal = { code: Code.INTERNAL };

t.test('a scalar is read as the text that ProtoJSON has for it', async (t) => {
  const cases: [name: string, wire: string, text: string][] = [
    ['i32', '08 ff ff ff ff ff ff ff ff ff 01', '-1'],
    ['i64', '10 ff ff ff ff ff ff ff ff 7f', '9223372036854775807'],
    ['i64', '10 80 80 80 80 80 80 80 80 80 01', '-9223372036854775808'],
    ['u32', '18 ff ff ff ff 0f', '4294967295'],
    ['u64', '20 ff ff ff ff ff ff ff ff ff 01', '18446744073709551615'],
    ['s32', '28 01', '-1'],
    ['s64', '30 ff ff ff ff ff ff ff ff ff 01', '-9223372036854775808'],
    ['f32', '3d ff ff ff ff', '4294967295'],
    ['f64', '41 ff ff ff ff ff ff ff ff', '18446744073709551615'],
    ['sf32', '4d ff ff ff ff', '-1'],
    ['sf64', '51 ff ff ff ff ff ff ff ff', '-1'],
    ['flag', '58 80 80 80 80 10', 'true'],
    ['name', '62 04 f0 9f 98 80', '😀'],
    ['color', '68 01', 'BLUE'],
    ['color', '68 07', '7'],
    ['ratio', '71 00 00 00 00 00 00 f8 3f', '1.5'],
    ['part', '7d 00 00 c0 3f', '1.5'],
    ['data', '82 01 02 ff fe', '//4='],
  ];
  for (const [name, wire, text] of cases) t.equal(read(wire, name), text, `${name} ${wire}`);
});

t.test('the last of several values counts, and other fields are stepped over', async (t) => {
  t.equal(read('08 01 62 01 61 08 02 a3 01 a0 01 05 a4 01', 'i32'), '2');
  t.equal(read('08 01 0a 01 05', 'i32'), '1', 'a value of another wire type is an unknown field');
});

t.test('absent means the default where presence is implicit, and nothing where it is explicit', async (t) => {
  t.equal(read('', 'i64'), '0');
  t.equal(read('', 'name'), '');
  t.equal(read('', 'flag'), 'false');
  t.equal(read('', 'color'), 'RED');
  t.equal(read('', 'note'), undefined);
  t.equal(read('92 01 01 61', 'left'), 'a');
  t.equal(read('92 01 01 61 98 01 01', 'left'), undefined, 'a later member of the oneof clears it');
});

t.test('hostile bytes are an error, never a value', async (t) => {
  for (const wire of [
    '08',
    '08 80',
    '08 ff ff ff ff ff ff ff ff ff ff 01',
    '62 05 61',
    '62 ff ff ff ff 0f 61',
    '00 01',
    '0e 01',
    '0f',
    'a4 01',
    'a3 01 08 01',
    'a3 01 ac 01',
    '62 01 ff',
  ]) {
    t.match(
      refusal(() => read(wire, wire.startsWith('62') ? 'name' : 'i32')),
      internal,
      wire,
    );
  }
  const nested = Buffer.alloc(200_000, hex('a301'));
  t.match(
    refusal(() => scalarField(nested, fieldOf(item, 'i32'))),
    internal,
    'groups without end',
  );
  t.throws(() => read('', 'many'), TypeError);
});

t.test('the bytes of a chunk are a view, and a chunk is made from bytes', async (t) => {
  const data = fieldOf(item, 'data');
  const wire = encodeBytesField([data], Buffer.alloc(300, 7), [hex('08 01')]);
  t.same(scalarField(wire, fieldOf(item, 'i32')), '1');
  const view = bytesField(wire, [data]);
  t.same(view, Buffer.alloc(300, 7));
  t.equal(view?.buffer, wire.buffer, 'not copied');
  t.equal(bytesField(hex('08 01'), [data]), undefined);
  t.same(bytesField(hex('82 01 01 61 82 01 01 62'), [data]), Buffer.from('b'));
  t.same(encodeBytesField([data], new Uint8Array(0), []), new Uint8Array(0), 'empty and absent are the same');
  const head = bytesFieldHead([data], 300, [hex('08 01')]);
  t.same(Buffer.concat([head, Buffer.alloc(300, 7)]), wire, 'the data may also come behind its head');
  t.match(
    refusal(() => bytesField(hex('82 01 05 61'), [data])),
    internal,
  );
});
