import { fromBinary, toJsonString } from '@bufbuild/protobuf';
import t from 'tap';
import { ByteWriter, type Codec, compiledCodec } from '../../../gateway/codec/index.js';
import { Code } from '../../../gateway/status/index.js';
import { allTypes } from './all-types.js';
import { hex, messageOf } from './proto-source.js';
import { lengthDelimited, tag, varint } from './random-wire.js';
import { refusal } from './refusal.js';
import { writeWithin } from './write-within.js';

const modes: [string, Codec][] = [
  ['generated', compiledCodec(allTypes, { codeGeneration: true })],
  ['interpreted', compiledCodec(allTypes, { codeGeneration: false })],
];

for (const [mode, codec] of modes) {
  const print = (wire: Uint8Array, type = 'c.All') => {
    const out = new ByteWriter();
    writeWithin(codec.forMessage(messageOf(allTypes, type)), wire, out);
    return out.take().toString();
  };
  const parse = (json: string, type = 'c.All') => codec.forMessage(messageOf(allTypes, type)).fromJson(json);
  /** The canonical form of a JSON text. */
  const canonical = (json: string, type = 'c.All') => print(parse(json, type), type);

  t.test(`${mode}: what ProtoJSON accepts is printed in its canonical form`, async (t) => {
    const same = (json: string, type?: string) => t.equal(canonical(json, type), json);
    const becomes = (json: string, want: string, type?: string) => t.equal(canonical(json, type), want, json);
    // Names.
    same(
      '{"fieldname1":1,"fieldName2":2,"FieldName3":3,"field0name5":5,"field0Name6":6,"FIELDNAME11":11,"FieldName13":13,"@custom":1}',
    );
    becomes(
      '{"field_name2":2,"_field_name3":3,"FIELD_NAME11":4,"custom":5}',
      '{"fieldName2":2,"FieldName3":3,"FIELDNAME11":4,"@custom":5}',
    );
    becomes('{"\\u0066ieldname1":1}', '{"fieldname1":1}');
    becomes(' {\n"fieldname1"\t:\r1 } ', '{"fieldname1":1}');
    same('{"Proto":1,"constructor":2,"hasOwnProperty":3,"toString":4}');
    becomes('{"__proto__":1}', '{"Proto":1}');
    // Integers and their limits.
    same('{"optionalInt32":2147483647}');
    same('{"optionalInt32":-2147483648}');
    same('{"optionalUint32":4294967295}');
    same('{"optionalInt64":"9223372036854775807"}');
    same('{"optionalInt64":"-9223372036854775808"}');
    same('{"optionalUint64":"18446744073709551615"}');
    same('{"optionalSint32":-2147483648,"optionalSint64":"-9223372036854775808"}');
    same('{"optionalFixed32":4294967295,"optionalFixed64":"18446744073709551615"}');
    same('{"optionalSfixed32":-1,"optionalSfixed64":"-1"}');
    becomes('{"optionalInt32":"-5"}', '{"optionalInt32":-5}');
    becomes('{"optionalInt32":1e5}', '{"optionalInt32":100000}');
    becomes('{"optionalInt32":"1e5"}', '{"optionalInt32":100000}');
    becomes('{"optionalInt32":100000.000}', '{"optionalInt32":100000}');
    becomes('{"optionalInt32":1.5e1}', '{"optionalInt32":15}');
    becomes('{"optionalInt32":-0}', '{}');
    becomes('{"optionalInt64":9007199254740993}', '{"optionalInt64":"9007199254740993"}');
    becomes('{"optionalInt64":1e18}', '{"optionalInt64":"1000000000000000000"}');
    becomes('{"optionalUint64":18446744073709551615}', '{"optionalUint64":"18446744073709551615"}');
    becomes('{"optionalInt32":0e99999}', '{}');
    // Floating point.
    same('{"optionalDouble":"NaN"}');
    same(
      '{"optionalDouble":"-Infinity","repeatedDouble":["Infinity",0,-0,1e-7,1e+21,5e-324,1.7976931348623157e+308,0.1]}',
    );
    same('{"optionalFloat":"Infinity"}');
    same('{"optionalFloat":0.1}');
    same('{"optionalFloat":3.4028235e+38}');
    same('{"optionalFloat":1e-45}');
    same('{"optionalFloat":16777216}');
    same('{"optionalFloat":-0,"optionalDouble":-0}');
    becomes(
      '{"optionalFloat":"1.5","optionalDouble":"-2E-1"}',
      '{"optionalFloat":1.5,"optionalDouble":-0.2}',
    );
    becomes('{"optionalDouble":123456789012345678901234567890}', '{"optionalDouble":1.2345678901234568e+29}');
    becomes('{"optionalDouble":1e-999}', '{}');
    // Presence.
    becomes(
      '{"optionalInt32":0,"optionalString":"","optionalBool":false,"optionalBytes":"","optionalColor":"RED"}',
      '{}',
    );
    same('{"presentInt32":0,"presentString":"","presentColor":"RED"}');
    becomes(
      '{"optionalInt32":null,"recursive":null,"repeatedInt32":null,"mapInt32Int32":null,"presentInt32":null}',
      '{}',
    );
    same('{"recursive":{"recursive":{}}}');
    // Text.
    same('{"optionalString":"\\u0000\\u001f\\b\\t\\n\\f\\r\\"\\\\/\u007f\u2028é日😀"}');
    becomes('{"optionalString":"\\/\\u00e9\\uD83D\\uDE00\\u0022"}', '{"optionalString":"/é😀\\""}');
    const long = 'é"'.repeat(1000);
    same(JSON.stringify({ optionalString: long }));
    // Bytes.
    same('{"optionalBytes":"AQIDBA=="}');
    becomes('{"optionalBytes":"-_8"}', '{"optionalBytes":"+/8="}');
    becomes('{"optionalBytes":"-_8="}', '{"optionalBytes":"+/8="}');
    becomes('{"optionalBytes":"+\\/8"}', '{"optionalBytes":"+/8="}');
    same(JSON.stringify({ optionalBytes: Buffer.alloc(1000, 'abc').toString('base64') }));
    // Enums.
    same('{"optionalColor":"BLUE"}');
    same('{"optionalColor":"NEGATIVE"}');
    becomes('{"optionalColor":2}', '{"optionalColor":"BLUE"}');
    same('{"optionalColor":123}');
    becomes('{"optionalAliased":"ALSO_SECOND"}', '{"optionalAliased":"SECOND"}');
    becomes('{"repeatedColor":[0,"GREEN",-1,7]}', '{"repeatedColor":["RED","GREEN","NEGATIVE",7]}');
    // Lists, maps, oneofs.
    same(
      '{"repeatedInt32":[1,2,-3],"repeatedBool":[true,false],"repeatedString":["a",""],"repeatedNested":[{},{"a":1}],"expandedInt32":[0]}',
    );
    same('{"mapInt32Int32":{"1":2,"-1":0},"mapInt64Int64":{"9007199254740993":"1"}}');
    same(
      '{"mapBoolBool":{"true":false,"false":true},"mapStringString":{"":"","__proto__":"x","a\\"b":"c"},"mapStringNested":{"a":{}}}',
    );
    same('{"mapStringColor":{"a":"BLUE","b":9},"mapSfixed64":{"-1":0.5}}');
    same('{"oneofUint32":0}');
    same('{"oneofString":""}');
    same('{"oneofNested":{}}');
    same('{"oneofNull":null}');
    becomes('{"oneofUint32":null,"oneofString":"x"}', '{"oneofString":"x"}');
    becomes('{"oneofNested":null,"oneofColor":null,"oneofString":"x"}', '{"oneofString":"x"}');
    // Wrappers.
    same(
      '{"boolValue":false,"int32Value":0,"int64Value":"0","uint32Value":0,"uint64Value":"0","floatValue":0,"doubleValue":0,"stringValue":"","bytesValue":""}',
    );
    becomes('{"int64Value":1,"boolValue":null}', '{"int64Value":"1"}');
    same('{"repeatedInt32Value":[0,1]}');
    // Times.
    same('{"duration":"1.500s","timestamp":"2024-05-01T12:00:00.250Z"}');
    same('{"duration":"-315576000000.999999999s","timestamp":"0001-01-01T00:00:00Z"}');
    same('{"duration":"-0.000000001s","timestamp":"9999-12-31T23:59:59.999999999Z"}');
    same('{"duration":"0s","timestamp":"1970-01-01T00:00:00Z"}');
    same(
      '{"repeatedTimestamp":["2000-02-29T00:00:00.000001Z","1969-12-31T23:59:59.123456789Z","1900-03-01T00:00:00Z"]}',
    );
    becomes('{"timestamp":"2024-05-01T12:00:00+08:00"}', '{"timestamp":"2024-05-01T04:00:00Z"}');
    becomes('{"timestamp":"2024-05-01T12:00:00.1-08:30"}', '{"timestamp":"2024-05-01T20:30:00.100Z"}');
    becomes('{"duration":"1.5s"}', '{"duration":"1.500s"}');
    // Masks, structs, values.
    same('{"mask":"foo,barBaz,a.bC"}');
    same('{"mask":""}');
    same('{"struct":{"a":null,"b":1.5,"c":"x","d":true,"e":{"f":[]},"g":[1,[null],{}]},"value":null}');
    same('{"value":[null,-0,"",{"a":{}}]}');
    same('{"value":{}}');
    same('{"listValue":[]}');
    same('{"repeatedValue":[null,1,"x"],"repeatedNull":[null,null],"mapValue":{"a":null}}');
    same('{"empty":{}}');
    // Any.
    same('{"any":{"optionalInt32":12345,"@type":"type.googleapis.com/c.All"}}');
    becomes(
      '{"any":{"@type":"type.googleapis.com/c.All","optionalInt32":1}}',
      '{"any":{"optionalInt32":1,"@type":"type.googleapis.com/c.All"}}',
    );
    same('{"any":{"value":"1.500s","@type":"type.googleapis.com/google.protobuf.Duration"}}');
    same(
      '{"any":{"value":{"optionalInt32":1,"@type":"type.googleapis.com/c.All"},"@type":"type.googleapis.com/google.protobuf.Any"}}',
    );
    same('{"any":{"value":{"a":[1]},"@type":"type.googleapis.com/google.protobuf.Struct"}}');
    same('{"any":{"value":null,"@type":"type.googleapis.com/google.protobuf.Value"}}');
    same('{"any":{"value":12345,"@type":"type.googleapis.com/google.protobuf.Int32Value"}}');
    same('{"any":{"@type":"type.googleapis.com/google.protobuf.Empty"}}');
    same('{"any":{"@type":"my.host/path/c.All"}}');
    becomes('{"any":{"@type":"c.All"}}', '{"any":{"@type":"type.googleapis.com/c.All"}}');
    same('{"any":{}}');
    // Other syntaxes.
    same(
      '{"number":0,"text":"","closed":"TWO","data":{"inner":1},"many":[{"item":1},{}],"[c.ext]":5,"[c.exts]":["a"],"[c.ext_old]":{"number":1}}',
      'c.Old',
    );
    becomes(
      '{"mapClosed":{"a":"ONE"},"closeds":["TWO",1],"withDefault":1.5}',
      '{"closeds":["TWO","ONE"],"mapClosed":{"a":"ONE"},"withDefault":1.5}',
      'c.Old',
    );
    same(
      '{"explicitNumber":0,"delimited":{"explicitNumber":1},"delimiteds":[{},{"shut":"A"}],"expanded":[1,2]}',
      'c.New',
    );
    becomes('{"implicitNumber":0}', '{}', 'c.New');
    same('{"id":0,"name":"","inner":{"id":1,"name":"x"}}', 'c.Strict');
    // Types of their own at the top.
    same('"2024-05-01T12:00:00Z"', 'google.protobuf.Timestamp');
    same('[1,{"a":null}]', 'google.protobuf.Value');
    same('"5"', 'google.protobuf.Int64Value');
  });

  t.test(`${mode}: what ProtoJSON refuses is INVALID_ARGUMENT with the field`, async (t) => {
    const refused = (json: string, message: RegExp = /./, type?: string) =>
      t.match(
        refusal(() => parse(json, type)),
        { code: Code.INVALID_ARGUMENT, message },
        json.slice(0, 60),
      );
    // Syntax: RFC 8259 and nothing more.
    for (const json of [
      '',
      ' ',
      '{',
      '}',
      '{"a"}',
      '{,}',
      '{"fieldname1":1,}',
      '{"fieldname1":1}}',
      '{"fieldname1":1} x',
      "{'fieldname1':1}",
      '{fieldname1:1}',
      '{"fieldname1" 1}',
      '{"fieldname1":1 "fieldName2":2}',
      '{"fieldname1":}',
      '/**/{}',
      '{}//',
      '\ufeff{}',
      'null',
      '[]',
      '1',
      '"x"',
      'true',
      '{"repeatedInt32":[1,]}',
      '{"repeatedInt32":[,1]}',
      '{"repeatedInt32":[1 2]}',
      '{"repeatedInt32":[1}',
      '{"optionalString":"a',
      '{"optionalString":"a\nb"}',
      '{"optionalString":"\t"}',
      '{"optionalString":"\\x"}',
      '{"optionalString":"\\u12"}',
      '{"optionalString":"\\u12G4"}',
      '{"optionalString":"\\',
      '{"optionalString":"\\"',
      '{"optionalBool":True}',
      '{"optionalBool":truex}',
      '{"optionalBool":tru}',
      '{"recursive":nul}',
      '{"fieldname1":1\u0000}',
      '{\u0000}',
      '{"fieldname1":01}',
      '{"fieldname1":-}',
      '{"fieldname1":+1}',
      '{"fieldname1":.5}',
      '{"optionalDouble":1.}',
      '{"optionalDouble":-01}',
      '{"optionalDouble":1e}',
      '{"optionalDouble":1e+}',
      '{"optionalDouble":NaN}',
      '{"optionalDouble":Infinity}',
      '{"optionalDouble":0x1}',
      '{"value":01}',
      '{"value":[1,]}',
      '{"value":{"a":1,}}',
      '{"value":tru}',
      '{"value":}',
      '\u00a0{}',
    ])
      refused(json);
    // Fields.
    refused('{"unknown":1}', /c\.All has no field "unknown"/);
    refused('{"recursive":{"repeatedNested":[{},{"b":1}]}}', /recursive\.repeatedNested\[1\]: .*"b"/);
    refused('{"Fieldname1":1}', /Fieldname1/);
    refused('{"__proto__":1,"__proto__":2}', /there twice/);
    refused('{"hasOwn":1}', /hasOwn/);
    refused('{"fieldName2":1,"fieldName2":1}', /"fieldName2" is there twice/);
    refused('{"fieldName2":1,"field_name2":1}', /twice/);
    refused('{"fieldName2":null,"fieldName2":1}', /twice/);
    refused('{"fieldName2":1,"field\\u004eame2":1}', /twice/);
    refused('{"oneofUint32":1,"oneofString":"x"}', /oneof "choice"/);
    refused('{"mapStringString":{"a":"1","a":"2"}}', /mapStringString: "a" is there twice/);
    refused('{"mapStringString":{"a":"1","\\u0061":"2"}}', /twice/);
    refused('{"mapBoolBool":{"true":true,"true":true}}', /twice/);
    refused('{"mapInt32Int32":{"1":1,"01":2}}', /twice/);
    refused(`{"mapInt32Int32":{${Array.from({ length: 60 }, (_, key) => `"${key % 50}":1`)}}}`, /twice/);
    refused('{"struct":{"a":1,"a":2}}', /struct: .*twice/);
    refused('{"[c.ext]":1}', /has no field "\[c\.ext\]"/);
    // Scalars.
    for (const value of [
      '2147483648',
      '-2147483649',
      '1.5',
      '"1.5"',
      '""',
      '" 1"',
      '"1 "',
      '"x"',
      'true',
      '{}',
      '[]',
      '1e10',
      '1e-1',
      '"0x1"',
      '"+1"',
      '1e999999999999',
      '"1_0"',
    ]) {
      refused(`{"optionalInt32":${value}}`, /optionalInt32/);
    }
    for (const value of ['4294967296', '-1', '"-1"', '0.1'])
      refused(`{"optionalUint32":${value}}`, /optionalUint32/);
    for (const value of [
      '9223372036854775808',
      '-9223372036854775809',
      '"9223372036854775808"',
      '1e19',
      '0.5',
      '"1e-1"',
      '99999999999999999999999',
    ]) {
      refused(`{"optionalInt64":${value}}`, /optionalInt64/);
    }
    for (const value of ['18446744073709551616', '-1', '"-1"'])
      refused(`{"optionalUint64":${value}}`, /optionalUint64/);
    for (const value of [
      '1e400',
      '-1e400',
      '"1e400"',
      '"nan"',
      '"inf"',
      '"-NaN"',
      '""',
      '" 1"',
      '"1."',
      '".5"',
      'true',
      '[]',
    ]) {
      refused(`{"optionalDouble":${value}}`, /optionalDouble/);
    }
    for (const value of ['3.502823e+38', '-3.502823e+38', '"3.5e38"'])
      refused(`{"optionalFloat":${value}}`, /optionalFloat/);
    for (const value of ['0', '1', '"true"', '"false"']) refused(`{"optionalBool":${value}}`, /optionalBool/);
    for (const value of [
      '1',
      'true',
      '[]',
      '{}',
      '"\\ud800"',
      '"\\udc00\\ud800"',
      '"\\ud800x"',
      '"\\ud800\\u0041"',
      '"\ud800"',
    ]) {
      refused(`{"optionalString":${value}}`);
    }
    for (const value of [
      '"A"',
      '"AA="',
      '"AA==="',
      '"A==="',
      '"AAA==="',
      '"A A="',
      '"AA\\n=="',
      '"=AAA"',
      '"AA==AAAA"',
      '"é"',
      '"\\u0000AAA"',
      '1',
      '[]',
    ]) {
      refused(`{"optionalBytes":${value}}`, /optionalBytes/);
    }
    for (const value of ['"PURPLE"', '"blue"', '1.5', '2147483648', 'true', '"1"', '""'])
      refused(`{"optionalColor":${value}}`, /optionalColor/);
    // Lists and maps.
    for (const json of [
      '{"repeatedInt32":1}',
      '{"repeatedInt32":{}}',
      '{"repeatedInt32":[null]}',
      '{"repeatedNested":[null]}',
      '{"repeatedInt32":["a"]}',
      '{"repeatedColor":[null]}',
      '{"mapInt32Int32":[]}',
      '{"mapInt32Int32":{"a":1}}',
      '{"mapInt32Int32":{"1.5":1}}',
      '{"mapInt32Int32":{"1":null}}',
      '{"mapInt32Int32":{1:1}}',
      '{"mapBoolBool":{"True":true}}',
      '{"mapBoolBool":{"":true}}',
      '{"mapInt32Int32":{"2147483648":1}}',
      '{"mapUint32":{"-1":1}}',
      '{"mapStringNested":{"a":null}}',
      '{"repeatedInt32Value":[null]}',
      '{"recursive":[]}',
      '{"recursive":"x"}',
      '{"empty":1}',
      '{"empty":{"a":1}}',
    ])
      refused(json);
    // Well-known types.
    for (const value of [
      '"2024-05-01T12:00:00"',
      '"2024-05-01 12:00:00Z"',
      '"2024-05-01t12:00:00Z"',
      '"2024-05-01T12:00:00z"',
      '"2024-02-30T00:00:00Z"',
      '"2023-02-29T00:00:00Z"',
      '"2024-13-01T00:00:00Z"',
      '"2024-00-01T00:00:00Z"',
      '"2024-05-00T00:00:00Z"',
      '"2024-05-01T24:00:00Z"',
      '"2024-05-01T12:60:00Z"',
      '"2024-05-01T12:00:60Z"',
      '"0000-01-01T00:00:00Z"',
      '"0001-01-01T00:00:00+00:01"',
      '"9999-12-31T23:59:59-00:01"',
      '"10000-01-01T00:00:00Z"',
      '"2024-05-01T12:00:00.Z"',
      '"2024-05-01T12:00:00.1234567890Z"',
      '"2024-05-01T12:00:00+24:00"',
      '"2024-05-01T12:00:00+0800"',
      '" 2024-05-01T12:00:00Z"',
      '"2024-05-01T12:00:00Z "',
      '1',
      '{}',
      '""',
    ])
      refused(`{"timestamp":${value}}`, /timestamp/);
    for (const value of [
      '"1"',
      '"1S"',
      '"s"',
      '"1.s"',
      '".5s"',
      '"1sx"',
      '"+1s"',
      '"1e3s"',
      '"315576000001s"',
      '"-315576000001s"',
      '"1.0123456789s"',
      '" 1s"',
      '1',
      '""',
    ]) {
      refused(`{"duration":${value}}`, /duration/);
    }
    refused('{"mask":"foo_bar"}', /mask/);
    refused('{"mask":["a"]}', /mask/);
    for (const json of [
      '{"struct":[]}',
      '{"struct":"x"}',
      '{"listValue":{}}',
      '{"value":1e400}',
      '{"struct":{"a":NaN}}',
      '{"nullValue":"x"}',
    ])
      refused(json);
    for (const value of [
      '1',
      '[]',
      '{"optionalInt32":1}',
      '{"@type":1}',
      '{"@type":""}',
      '{"@type":"type.googleapis.com/"}',
      '{"@type":"type.googleapis.com/no.Such"}',
      '{"@type":"type.googleapis.com/c.All","@type":"type.googleapis.com/c.All"}',
      '{"@type":"type.googleapis.com/c.All","nope":1}',
      '{"@type":"type.googleapis.com/google.protobuf.Duration"}',
      '{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1s","x":1}',
      '{"@type":"type.googleapis.com/google.protobuf.Duration","value":"1s","value":"1s"}',
      '{"@type":"","value":""}',
      '{"@type":"type.googleapis.com/c.All"',
    ])
      refused(`{"any":${value}}`, /any|ends/);
    // Other syntaxes.
    refused('{"closed":3}', /closed/, 'c.Old');
    refused('{"closeds":["ONE",3]}', /closeds\[1\]/, 'c.Old');
    refused('{"[c.ext]":1,"[c.ext]":2}', /twice/, 'c.Old');
    refused('{"[c.nope]":1}', /c\.nope/, 'c.Old');
    refused('{"id":1}', /"name" of c\.Strict is required/, 'c.Strict');
    refused('{"id":1,"name":null}', /required/, 'c.Strict');
  });

  t.test(`${mode}: wire bytes in any order mean what protobuf says`, async (t) => {
    const same = (wire: string, want: string, type?: string) => t.equal(print(hex(wire), type), want, wire);
    same('', '{}');
    same('08 01 08 02', '{"optionalInt32":2}');
    same('08 01 08 00', '{}');
    same('72 01 61 08 05', '{"optionalInt32":5,"optionalString":"a"}');
    same('92 01 02 08 01 92 01 02 12 00', '{"optionalNested":{"a":1,"corecursive":{}}}');
    same('92 01 02 08 01 08 07 92 01 02 08 02', '{"optionalInt32":7,"optionalNested":{"a":2}}');
    // Packed and not packed, mixed, in parts.
    same('f8 01 01 f8 01 02', '{"repeatedInt32":[1,2]}');
    same('fa 01 02 01 02 f8 01 03 fa 01 01 04', '{"repeatedInt32":[1,2,3,4]}');
    same('d2 05 02 01 02', '{"expandedInt32":[1,2]}');
    same('f8 01 01 08 05 f8 01 02', '{"optionalInt32":5,"repeatedInt32":[1,2]}');
    same('fa 01 00', '{}');
    // The last member of a oneof; merging only within the same one.
    same('f8 06 01 8a 07 01 61', '{"oneofString":"a"}');
    same('82 07 02 08 01 82 07 02 12 00', '{"oneofNested":{"a":1,"corecursive":{}}}');
    same('82 07 02 08 01 8a 07 01 61 82 07 02 12 00', '{"oneofNested":{"corecursive":{}}}');
    // Maps: the last entry of a key; absent keys and values.
    same('c2 03 04 08 01 10 02 c2 03 04 08 01 10 03', '{"mapInt32Int32":{"1":3}}');
    same('c2 03 00', '{"mapInt32Int32":{"0":0}}');
    same('c2 03 02 10 05', '{"mapInt32Int32":{"0":5}}');
    same('c2 03 04 10 05 08 01', '{"mapInt32Int32":{"1":5}}');
    same('c2 03 06 08 01 10 05 18 07', '{"mapInt32Int32":{"1":5}}');
    same('ba 04 03 0a 01 61', '{"mapStringNested":{"a":{}}}');
    same('ba 04 0b 0a 01 61 12 02 08 01 12 02 12 00', '{"mapStringNested":{"a":{"a":1,"corecursive":{}}}}');
    same('c2 03 0d 08 81 80 80 80 80 80 80 80 80 01 10 02 c2 03 04 08 01 10 03', '{"mapInt32Int32":{"1":3}}');
    // Unknown fields and other wire types are stepped over.
    same('0d 01 00 00 00', '{}');
    same('0a 01 61 08 05', '{"optionalInt32":5}');
    same('f2 ff ff ff 0f 02 61 62 08 05', '{"optionalInt32":5}');
    same('fb ff ff ff 0f 08 01 fc ff ff ff 0f 08 05', '{"optionalInt32":5}');
    // Overlong numbers.
    same('08 81 80 80 80 80 80 80 80 80 00', '{"optionalInt32":1}');
    same('08 ff ff ff ff 0f', '{"optionalInt32":-1}');
    same('68 80 80 80 80 80 01', '{"optionalBool":true}');
    same('88 00 05', '{"optionalInt32":5}');
    // Closed enums: an undeclared number is an unknown field.
    same('18 02 18 63', '{"closed":"TWO"}', 'c.Old');
    same('18 63', '{}', 'c.Old');
    same('20 01 20 63 20 02', '{"closeds":["ONE","TWO"]}', 'c.Old');
    same('22 03 01 63 02', '{"closeds":["ONE","TWO"]}', 'c.Old');
    same('2a 05 0a 01 61 10 01 2a 05 0a 01 61 10 63', '{"mapClosed":{"a":"ONE"}}', 'c.Old');
    same('2a 03 0a 01 61', '{"mapClosed":{"a":"ONE"}}', 'c.Old');
    same('48 05 40 63', '{"oneofNumber":5}', 'c.Old');
    // Groups, in parts and out of order.
    same('cb 0c d0 0c 05 cc 0c', '{"data":{"inner":5}}', 'c.Old');
    same('cb 0c d0 0c 05 cc 0c cb 0c d8 0c 06 cc 0c', '{"data":{"inner":5,"other":6}}', 'c.Old');
    same('cb 0c d8 0c 06 d0 0c 05 cc 0c 08 01', '{"number":1,"data":{"inner":5,"other":6}}', 'c.Old');
    same('cb 0c d0 0c 05 cc 8c 00', '{"data":{"inner":5}}', 'c.Old');
    same('1b 08 01 1c 1b 10 05 1c', '{"delimited":{"explicitNumber":1,"implicitNumber":5}}', 'c.New');
    // A value at fault that is replaced later does no harm.
    same('f2 12 0a 08 ff ff ff ff ff ff ff ff 7f f2 12 02 08 01', '{"timestamp":"1970-01-01T00:00:01Z"}');
    t.equal(
      print(hex('08 01')),
      toJsonString(messageOf(allTypes, 'c.All'), fromBinary(messageOf(allTypes, 'c.All'), hex('08 01'))),
    );
  });

  t.test(`${mode}: a message set is a message with extensions, made of items on the wire`, async (t) => {
    const item = (number: number, content: Uint8Array) =>
      Buffer.concat([hex('0b 10'), varint(BigInt(number)), lengthDelimited(3, content), hex('0c')]);
    const printed = (...parts: Uint8Array[]) => print(lengthDelimited(1, Buffer.concat(parts)), 'c.SetUser');
    const small = '{"set":{"[c.small]":{"id":5}}}';
    // There and back.
    t.equal(Buffer.from(parse(small, 'c.SetUser')).toString('hex'), '0a090b10e8071a0208050c');
    t.equal(canonical(small, 'c.SetUser'), small);
    const nested =
      '{"set":{"[c.small]":{"text":"a","set":{"[c.small]":{"id":1},"[c.strict]":{"id":1,"name":"n"}}}}}';
    t.equal(canonical(nested, 'c.SetUser'), nested);
    t.equal(canonical('{"[c.small]":{}}', 'c.Set'), '{"[c.small]":{}}', 'also without a message around it');
    t.equal(canonical('{"[c.small]":null}', 'c.Set'), '{}');
    t.equal(canonical('{}', 'c.Set'), '{}');
    // What a sender may do.
    t.equal(printed(item(1000, hex('08 05'))), small);
    t.equal(printed(hex('0b 1a 02 08 05 10 e8 07 0c')), small, 'the message before the number');
    t.equal(printed(hex('0b 50 01 10 e8 07 13 50 01 14 1a 02 08 05 0c')), small, 'unknown fields in an item');
    t.equal(printed(lengthDelimited(1000, hex('08 05'))), small, 'an ordinary field');
    t.equal(printed(item(999, hex('08 05'))), '{"set":{}}', 'an unknown extension');
    t.equal(printed(hex('0b 10 e8 07 0c 0b 1a 02 08 05 0c')), '{"set":{}}', 'halves of items');
    const strict = item(536_870_912, hex('08 01 12 01 6e'));
    t.equal(
      printed(strict, item(1000, hex('08 01')), item(1000, hex('12 01 61 08 05'))),
      '{"set":{"[c.small]":{"id":5,"text":"a"},"[c.strict]":{"id":1,"name":"n"}}}',
      'any order, parts of one message, and the printing order within them',
    );
    t.equal(print(strict, 'c.Set'), '{"[c.strict]":{"id":1,"name":"n"}}', 'a number that no tag can hold');
    // What it may not.
    const broken = (wire: Uint8Array) =>
      t.match(
        refusal(() => printed(wire)),
        { code: Code.INTERNAL },
      );
    broken(hex('0b 10 e8 07 1a 02 08 05'));
    broken(hex('0b 10 e8 07 1a 02 08 05 14'));
    broken(hex('0b 10 e8 07 1a 05 08 05 0c'));
    broken(item(1000, hex('08')));
    broken(item(536_870_912, hex('08 01')));
    let deep: Uint8Array = hex('08 01');
    for (let depth = 0; depth < 60; depth += 1) deep = lengthDelimited(3, item(1000, deep));
    broken(item(1000, deep));
    t.match(
      refusal(() => parse('{"set":{"[c.small]":{"id":"x"}}}', 'c.SetUser')),
      { code: Code.INVALID_ARGUMENT, message: /c\.small.*id/ },
    );
    t.match(
      refusal(() => parse('{"set":{"[c.small]":{},"[c.small]":{}}}', 'c.SetUser')),
      { message: /twice/ },
    );
  });

  t.test(`${mode}: hostile bytes are INTERNAL, and soon`, async (t) => {
    const broken = (
      wire: Uint8Array,
      type?: string,
      what = Buffer.from(wire.subarray(0, 20)).toString('hex'),
    ) =>
      t.match(
        refusal(() => print(wire, type)),
        { code: Code.INTERNAL },
        what,
      );
    for (const wire of [
      '08',
      '08 80',
      '08 ff ff ff ff ff ff ff ff ff ff 01',
      '00',
      '07',
      '0e',
      '0f',
      '0c',
      '72',
      '72 05 61',
      '72 ff ff ff ff 0f',
      '72 ff ff ff ff ff ff ff ff 7f 61',
      '59 01',
      '3d 01 02',
      '92 01 02 08',
      '92 01 01 08 01',
      'fa 01 02 01 80',
      'c2 03 02 08 80 01',
      'c2 03 03 08 01',
      'ba 04 04 0a 05 61 62',
      '88 80 80 80 80 00 01',
      '88 80 80 80 10 01',
      'fb ff ff ff 0f',
      'fb ff ff ff 0f 0c',
      '72 01 ff',
      '72 02 c0 80',
      '72 03 ed a0 80',
      '72 04 f4 90 80 80',
      '72 01 80',
      '72 02 c3 28',
      '72 03 e2 82 28',
      'aa 04 03 0a 01 ff',
      '72 01 ff 72 01 61',
      '8a 07 01 ff 8a 07 01 61',
      '82 07 01 08 f8 06 01',
      'a9 04',
      '8a 13 05 0a 01 78 12 00',
      '92 13 00',
      'ea 12 09 08 81 ae e5 a9 97 09',
      'f2 12 02 10 80',
    ])
      broken(hex(wire));
    broken(hex('12 01 ff'), 'c.Old');
    broken(hex('cb 0c d0 0c 05'), 'c.Old');
    broken(hex('cb 0c d0 0c 05 d4 0c'), 'c.Old');
    broken(hex('08 01'), 'c.Strict', 'a required field is missing');
    broken(hex('11 00 00 00 00 00 00 f8 7f'), 'google.protobuf.Value', 'NaN has no form');
    // Nested without end: in messages, groups, unknown groups, values.
    let nested: Buffer = Buffer.alloc(0);
    for (let depth = 0; depth < 120; depth += 1) nested = lengthDelimited(27, nested);
    broken(nested);
    t.equal(print(nestedTimes(98)).length > 98, true, 'a hundred are fine');
    broken(Buffer.alloc(100_000, hex('1b')), 'c.New');
    broken(Buffer.alloc(100_000, hex('a306')));
    // Each level out of order: must not double the work with each level.
    let twisted: Uint8Array = hex('08 01');
    for (let depth = 0; depth < 60; depth += 1)
      twisted = Buffer.concat([lengthDelimited(27, twisted), hex('08 01')]);
    t.match(print(twisted), /^\{"optionalInt32":1,"recursive":\{"optionalInt32":1/);
    // Many keys, and many times the same one.
    const entry = (key: number) =>
      lengthDelimited(56, Buffer.concat([tag(1, 0), varint(BigInt(key)), tag(2, 0), varint(1n)]));
    const many = Buffer.concat(Array.from({ length: 20_000 }, (_, key) => entry(key)));
    t.equal(Object.keys(JSON.parse(print(many)).mapInt32Int32).length, 20_000);
    const repeated = Buffer.concat(Array.from({ length: 20_000 }, () => entry(7)));
    t.equal(print(repeated), '{"mapInt32Int32":{"7":1}}');

    function nestedTimes(times: number): Buffer {
      let bytes: Buffer = Buffer.alloc(0);
      for (let depth = 0; depth < times; depth += 1) bytes = lengthDelimited(27, bytes);
      return bytes;
    }
  });

  t.test(`${mode}: hostile JSON is INVALID_ARGUMENT, and soon`, async (t) => {
    const bad = (json: string, message: RegExp) =>
      t.match(
        refusal(() => parse(json)),
        { code: Code.INVALID_ARGUMENT, message },
        json.slice(0, 30),
      );
    bad('{"recursive":'.repeat(100_000), /deep/);
    bad(`{"value":${'['.repeat(100_000)}`, /deep/);
    bad(`{"any":{"x":${'['.repeat(100_000)}`, /deep/);
    bad(`{"struct":${'{"a":'.repeat(100_000)}`, /deep/);
    bad(`{"optionalInt32":${'9'.repeat(1_000_000)}}`, /optionalInt32/);
    bad(`{"optionalInt32":1e${'9'.repeat(1_000_000)}}`, /optionalInt32/);
    bad(`{"${'x'.repeat(1_000_000)}":1}`, /has no field "x{100}"/);
    const entries = Array.from({ length: 20_000 }, (_, key) => `"k${key}":"v"`).join();
    t.equal(canonical(`{"mapStringString":{${entries}}}`), `{"mapStringString":{${entries}}}`);
    bad(`{"mapStringString":{${entries},"k77":"v"}}`, /twice/);
    const text = 'x'.repeat(3_000_000);
    t.equal(canonical(`{"optionalString":"${text}"}`).length, text.length + 21);
  });

  t.test(`${mode}: a failure leaves nothing behind`, async (t) => {
    const out = new ByteWriter();
    out.text('before');
    const all = codec.forMessage(messageOf(allTypes, 'c.All'));
    t.ok(refusal(() => writeWithin(all, hex('08 01 72 05 61'), out)));
    t.equal(out.length, 6, 'the writer is where it was');
    t.ok(refusal(() => all.fromJson('{"optionalString":"abc","x":1}')));
    writeWithin(all, all.fromJson('{"mapStringString":{"a":"b"}}'), out);
    t.equal(out.take().toString(), 'before{"mapStringString":{"a":"b"}}');
    const first = all.fromJson('{"optionalString":"first"}');
    const copy = Buffer.from(first);
    for (let count = 0; count < 3000; count += 1) all.fromJson('{"optionalString":"second"}');
    t.same(first, copy, 'a result is never written again');
  });
}
