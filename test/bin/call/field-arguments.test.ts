import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromBinary, toJson } from '@bufbuild/protobuf';
import t from 'tap';
import { jsonFromArguments } from '../../../bin/call/field-arguments.js';
import { UsageError } from '../../../bin/options/index.js';
import { compiledCodec } from '../../../gateway/codec/index.js';
import { schemaFromText } from '../../gateway/schema/schema-from-text.js';

const PROTO = `
  import "google/protobuf/any.proto";
  import "google/protobuf/duration.proto";
  import "google/protobuf/field_mask.proto";
  import "google/protobuf/struct.proto";
  import "google/protobuf/timestamp.proto";
  import "google/protobuf/wrappers.proto";
  enum Level { LEVEL_UNSPECIFIED = 0; LOW = 1; HIGH = 2; }
  message All {
    string text = 1; int32 i32 = 2; int64 i64 = 3; uint64 u64 = 4; double dbl = 5; float flt = 6; bool yes = 7; bytes raw = 8; Level level = 9;
    sint64 s64 = 10; fixed32 f32 = 11;
    repeated string texts = 20; repeated int64 numbers = 21; repeated Level levels = 22; repeated All items = 23;
    map<string, string> labels = 30; map<int32, All> by_id = 31; map<bool, int64> flags = 32;
    google.protobuf.Timestamp at = 40; google.protobuf.Duration wait = 41; google.protobuf.FieldMask mask = 42;
    google.protobuf.Int64Value w64 = 50; google.protobuf.BoolValue wbool = 51; google.protobuf.StringValue wtext = 52; google.protobuf.BytesValue wraw = 53;
    google.protobuf.Any any = 60; google.protobuf.Struct struct = 61; google.protobuf.Value value = 62; google.protobuf.ListValue list = 63;
    repeated google.protobuf.Timestamp times = 64; google.protobuf.NullValue none = 65;
    oneof choice { string left = 70; All right = 71; }
    optional int32 maybe = 80;
    All child = 90;
  }
  service S { rpc One(All) returns (All); }`;

t.test('arguments are every kind of field, as the schema has it', async (t) => {
  const schema = await schemaFromText(t, PROTO);
  const type = schema.registry.getMessage('t.All');
  if (type === undefined) throw new Error('no t.All');
  const file = join(t.testdir(), 'photo.bin');
  writeFileSync(file, Buffer.from([0, 255, 1]));
  const any = '{"@type":"type.googleapis.com/t.All","i64":"9007199254740993"}';
  const cases: [args: string[], json: unknown][] = [
    [['text=a=b'], { text: 'a=b' }],
    [['text='], {}],
    [['text=-1', 'i32=-7', 'dbl=1.5', 'flt=NaN'], { text: '-1', i32: -7, dbl: 1.5, flt: 'NaN' }],
    [
      ['i64=9007199254740993', 'u64=18446744073709551615', 's64=-9223372036854775808'],
      { i64: '9007199254740993', u64: '18446744073709551615', s64: '-9223372036854775808' },
    ],
    [['i64:=9007199254740993'], { i64: '9007199254740993' }],
    [['yes=true', 'raw=AP8B'], { yes: true, raw: 'AP8B' }],
    [[`raw=@${file}`], { raw: 'AP8B' }],
    [['level=HIGH'], { level: 'HIGH' }],
    [['level=2'], { level: 'HIGH' }],
    [['levels=LOW', 'levels=2'], { levels: ['LOW', 'HIGH'] }],
    [
      ['texts=a', 'texts=[b]', 'numbers=1', 'numbers=9007199254740993'],
      { texts: ['a', '[b]'], numbers: ['1', '9007199254740993'] },
    ],
    [['texts:=["a","b"]'], { texts: ['a', 'b'] }],
    [
      ['items[0].text=a', 'items[0].i32=1', 'items[1].text=b'],
      { items: [{ text: 'a', i32: 1 }, { text: 'b' }] },
    ],
    [['items={"text":"a"}', 'items={"i32":2}'], { items: [{ text: 'a' }, { i32: 2 }] }],
    [['labels[a.b=c]=1', 'labels.d=2'], { labels: { 'a.b=c': '1', d: '2' } }],
    [['labels={"a":"1"}'], { labels: { a: '1' } }],
    [
      ['by_id[7].text=x', 'by_id[7].child.i32=1', 'flags[true]=5'],
      { byId: { 7: { text: 'x', child: { i32: 1 } } }, flags: { true: '5' } },
    ],
    [['byId[7].text=x'], { byId: { 7: { text: 'x' } } }],
    [
      ['at=2024-05-17T12:00:00Z', 'wait=1.500s', 'mask=text,child.i32'],
      { at: '2024-05-17T12:00:00Z', wait: '1.500s', mask: 'text,child.i32' },
    ],
    [
      ['times=2024-05-17T12:00:00Z', 'times=2024-05-18T12:00:00Z'],
      { times: ['2024-05-17T12:00:00Z', '2024-05-18T12:00:00Z'] },
    ],
    [
      ['w64=9007199254740993', 'wbool=false', 'wtext=', 'wraw=AA=='],
      { w64: '9007199254740993', wbool: false, wtext: '', wraw: 'AA==' },
    ],
    [[`any=${any}`], { any: { '@type': 'type.googleapis.com/t.All', i64: '9007199254740993' } }],
    [
      ['struct={"a":[1,null]}', 'value=plain', 'list=[1]'],
      { struct: { a: [1, null] }, value: 'plain', list: [1] },
    ],
    [['value=7'], { value: 7 }],
    [['left=x'], { left: 'x' }],
    [['right.text=x'], { right: { text: 'x' } }],
    [['maybe=0'], { maybe: 0 }],
    [['child.child.child.text=deep'], { child: { child: { child: { text: 'deep' } } } }],
    [['child:={"text":"x"}'], { child: { text: 'x' } }],
  ];
  const codec = compiledCodec(schema.registry, { codeGeneration: false }).forMessage(type);
  for (const [args, json] of cases) {
    const text = jsonFromArguments(type, args);
    // Our own codec keeps all digits of a number.
    const message = fromBinary(type, codec.fromJson(text));
    t.same(toJson(type, message, { registry: schema.registry }), json, args.join(' '));
  }
});

t.test('a wrong argument is named, with what was probably meant', async (t) => {
  const schema = await schemaFromText(t, PROTO);
  const type = schema.registry.getMessage('t.All');
  if (type === undefined) throw new Error('no t.All');
  const cases: [args: string[], error: RegExp][] = [
    [['txt=1'], /^txt: t\.All has no field "txt", did you mean text\?$/],
    [['child.labls=1'], /^child\.labls: t\.All has no field "labls", did you mean labels\?$/],
    [['zzzzzz=1'], /^zzzzzz: t\.All has no field "zzzzzz": it has text, i32, i64/],
    [['text'], /^unexpected argument "text": write fields like name=value$/],
    [['=1'], /^unexpected argument/],
    [['labels[a=1'], /^unexpected argument/],
    [['text=a', 'text=b'], /^text: is given twice$/],
    [['child={}', 'child.text=a'], /^child\.text: is given twice$/],
    [['text.a=1'], /^text\.a: "text" has no fields of its own$/],
    [['at.seconds=1'], /^at\.seconds: "at" has no fields of its own$/],
    [['yes=1'], /^yes: must be true or false$/],
    [['child=x'], /^child: is a t\.All: write it as JSON, or its fields like "child\.field=value"$/],
    [['labels=x'], /^labels: is a map: write its entries like "labels\[key\]=value"$/],
    [['items[1].text=x'], /^items\[1\]\.text: the next item of this list is "items\[0\]"$/],
    [['child[a].text=x'], /"child" is neither a list nor a map$/],
    [['i32:=x'], /^i32: is not JSON$/],
    [['raw=@/none'], /^raw: ENOENT/],
  ];
  for (const [args, message] of cases)
    t.throws(() => jsonFromArguments(type, args), { message } as never, args.join(' '));
  t.throws(() => jsonFromArguments(type, ['txt=1']), UsageError);
});
