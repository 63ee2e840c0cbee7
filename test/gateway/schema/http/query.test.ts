import { fromJsonString, type JsonValue, toJson } from '@bufbuild/protobuf';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import {
  assertNoRival,
  type Json,
  jsonBesideBody,
  type Method,
  requestJson,
  type Schema,
} from '../../../../gateway/schema/index.js';
import { schemaFromText } from '../schema-from-text.js';

const TEXT = `
import "google/protobuf/duration.proto"; import "google/protobuf/field_mask.proto"; import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto"; import "google/protobuf/wrappers.proto";
import "google/protobuf/any.proto"; import "google/protobuf/empty.proto";
enum Color { COLOR_NONE = 0; COLOR_RED = 5; }
message Q {
  string name_of = 1; int32 number = 2; int64 long = 3; double ratio = 4; bool flag = 5; bytes data = 6; Color color = 7;
  repeated string tags = 8; repeated int32 counts = 9; repeated Color colors = 10; repeated bool flags = 11;
  Q sub = 12; repeated Q subs = 13; map<string, string> map = 14;
  google.protobuf.Timestamp at = 15; google.protobuf.Duration during = 16; google.protobuf.FieldMask mask = 17;
  google.protobuf.Int64Value wrapped = 18; google.protobuf.BoolValue maybe = 19; google.protobuf.BytesValue raw = 20;
  google.protobuf.Struct struct = 21; repeated google.protobuf.Timestamp times = 22;
  oneof choice { string left = 23; int32 right = 24; Q deep = 25; }
  string __proto__ = 26; string constructor = 27; string renamed = 28 [json_name = "@other"]; optional string opt = 29;
  map<int64, string> by_number = 30; map<bool, string> by_flag = 31; map<string, Color> by_color = 32;
  map<string, Q> deep_map = 33; map<string, google.protobuf.Struct> struct_map = 34; map<string, google.protobuf.Timestamp> at_map = 35;
  map<string, bytes> data_map = 36; repeated google.protobuf.Int64Value numbers = 37; repeated google.protobuf.Duration pauses = 38;
  repeated google.protobuf.Struct structs = 39; map<uint32, bool> flag_map = 40;
  google.protobuf.Value value = 41; google.protobuf.ListValue list = 42; google.protobuf.Any any = 43; google.protobuf.Empty empty = 44;
}
service S {
  rpc Get(Q) returns (Q) { option (google.api.http) = { get: "/q/{name_of}/{sub.number}" additional_bindings { get: "/left/{left}" } additional_bindings { get: "/at/{at}/{during}/{wrapped}/{raw}/{color}" } }; }
  rpc All(Q) returns (Q) { option (google.api.http) = { post: "/all/{name_of}/{sub.number}" body: "*" additional_bindings { post: "/all" body: "*" } }; }
  rpc Sub(Q) returns (Q) { option (google.api.http) = { post: "/sub/{sub.number}" body: "sub" response_body: "subs" additional_bindings { post: "/deep" body: "deep" } }; }
}`;

async function start(
  t: Pick<Test, 'testdir'>,
): Promise<{ schema: Schema; method: Method; ask: (query: string, path?: string) => JsonValue }> {
  const schema = await schemaFromText(t, TEXT);
  const method = schema.methods.get('/t.S/Get') as Method;
  return {
    schema,
    method,
    /** What the request would be, after the codec has read it: canonical ProtoJSON. */
    ask(query, path) {
      const match = path === undefined ? undefined : schema.routes.match('GET', path);
      const json = requestJson(method.input, match?.pathValues ?? [], new URLSearchParams(query));
      const message = fromJsonString(method.input, JSON.stringify(json), { registry: schema.registry });
      return toJson(method.input, message, { registry: schema.registry });
    },
  };
}

t.test('parameters become the fields they name', async (t) => {
  const { ask } = await start(t);
  const cases: [query: string, json: JsonValue][] = [
    ['', {}],
    ['name_of=x', { nameOf: 'x' }],
    ['nameOf=x%20y+z', { nameOf: 'x y z' }],
    ['number=-5&long=9007199254740993&ratio=1.5e3', { number: -5, long: '9007199254740993', ratio: 1500 }],
    ['ratio=NaN', { ratio: 'NaN' }],
    ['ratio=-Infinity', { ratio: '-Infinity' }],
    ['flag=true', { flag: true }],
    ['data=AQID%2Bw%3D%3D', { data: 'AQID+w==' }],
    ['data=AQID+w==', { data: 'AQID+w==' }],
    ['data=-_8', { data: '+/8=' }],
    ['color=COLOR_RED', { color: 'COLOR_RED' }],
    ['color=5', { color: 'COLOR_RED' }],
    ['color=77', { color: 77 }],
    ['tags=a&tags=&tags=c', { tags: ['a', '', 'c'] }],
    ['counts=1&counts=2', { counts: [1, 2] }],
    ['colors=COLOR_RED&colors=0', { colors: ['COLOR_RED', 'COLOR_NONE'] }],
    ['flags=true&flags=false', { flags: [true, false] }],
    ['sub.sub.nameOf=x&sub.number=1', { sub: { sub: { nameOf: 'x' }, number: 1 } }],
    ['sub.tags=a&sub.tags=b', { sub: { tags: ['a', 'b'] } }],
    [
      'at=2020-01-02T03:04:05.678Z&during=1.5s&mask=nameOf,sub.flag',
      { at: '2020-01-02T03:04:05.678Z', during: '1.500s', mask: 'nameOf,sub.flag' },
    ],
    ['wrapped=7&maybe=false&raw=AQ==', { wrapped: '7', maybe: false, raw: 'AQ==' }],
    ['left=x', { left: 'x' }],
    ['deep.left=x&deep.nameOf=y', { deep: { left: 'x', nameOf: 'y' } }],
    ['sub.left=x&left=y', { sub: { left: 'x' }, left: 'y' }],
    ['renamed=x', { '@other': 'x' }],
    ['@other=x', { '@other': 'x' }],
    ['opt=', { opt: '' }],
    ['constructor=x', { constructor: 'x' }],
    ['map[a]=1&map[b.c]=2&map[]=3', { map: { a: '1', 'b.c': '2', '': '3' } }],
    ['map%5Ba%5Bb%5D%5D=1&map[__proto__]=2', JSON.parse('{"map":{"a[b]":"1","__proto__":"2"}}')],
    ['by_number[-7]=x&byNumber[9007199254740993]=y', { byNumber: { '-7': 'x', '9007199254740993': 'y' } }],
    ['by_flag[true]=x&flag_map[4294967295]=true', { byFlag: { true: 'x' }, flagMap: { 4294967295: true } }],
    ['by_color[a]=COLOR_RED&by_color[b]=5', { byColor: { a: 'COLOR_RED', b: 'COLOR_RED' } }],
    ['at_map[x]=2020-01-01T00:00:00Z', { atMap: { x: '2020-01-01T00:00:00Z' } }],
    ['data_map[x]=-_8&sub.map[y]=z', { dataMap: { x: '+/8=' }, sub: { map: { y: 'z' } } }],
    [
      'times=2020-01-01T00:00:00Z&times=2020-01-01T02:00:00+02:00',
      { times: ['2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z'] },
    ],
    ['numbers=1&numbers=0&pauses=1s&pauses=0.5s', { numbers: ['1', '0'], pauses: ['1s', '0.500s'] }],
    ['mask=name_of,sub.maybe', { mask: 'nameOf,sub.maybe' }],
  ];
  for (const [query, json] of cases) t.same(ask(query), json, query);
  t.same(ask('ratio=2', '/q/a%2Fb/7'), { nameOf: 'a/b', sub: { number: 7 }, ratio: 2 }, 'with path values');
  t.same(
    ask('', '/at/2020-01-01T00:00:00Z/1.5s/7/-_8/5'),
    { at: '2020-01-01T00:00:00Z', during: '1.500s', wrapped: '7', raw: '+/8=', color: 'COLOR_RED' },
    'well-known types in the path',
  );
  t.same(
    ask('sub.nameOf=x', '/q/a/7'),
    { nameOf: 'a', sub: { number: 7, nameOf: 'x' } },
    'into the same message',
  );
});

t.test('names that are special in JavaScript are names like any other', async (t) => {
  const { method } = await start(t);
  const json = requestJson(
    method.input,
    [],
    new URLSearchParams('__proto__=x&sub.__proto__=y&sub.constructor=z'),
  );
  const text = JSON.stringify(json);
  t.equal(
    text,
    '{"__proto__":"x","sub":{"__proto__":"y","constructor":"z"}}'.replaceAll(
      '__proto__',
      method.input.fields.find((f) => f.number === 26)?.jsonName ?? '',
    ),
  );
  t.equal(Object.getPrototypeOf({}), Object.prototype);
  t.equal(({} as Record<string, unknown>).polluted, undefined);
  for (const name of [
    '__proto__.polluted',
    'constructor.prototype',
    'toString',
    'hasOwnProperty',
    'sub.toString',
  ]) {
    t.throws(() => requestJson(method.input, [], new URLSearchParams([[name, '1']])), { code: 3 }, name);
  }
});

t.test('what cannot be is INVALID_ARGUMENT and names the parameter', async (t) => {
  const { ask } = await start(t);
  const cases: [query: string, problem: RegExp][] = [
    ['nope=1', /"nope" is unknown: t\.Q has no field "nope"/],
    ['sub.nope=1', /"sub\.nope" is unknown: t\.Q has no field "nope"/],
    ['=1', /"" is unknown/],
    ['sub.=1', /"sub\." is unknown/],
    ['.sub=1', /is unknown/],
    ['number.x=1', /"number\.x" is unknown: "number" has no fields/],
    ['tags.x=1', /no fields of its own/],
    ['at.seconds=1', /no fields of its own/],
    ['map.key=1', /no fields of its own/],
    ['map=1', /"map" is a map: write its entries like "map\[key\]"/],
    ['map[a]x=1', /"map\[a\]x" is unknown/],
    ['map[a]=1&map[a]=2', /"map\[a\]" is given twice/],
    ['by_number[1]=a&byNumber[01]=b', /"byNumber\[01\]" is given twice/],
    ['by_number[x]=a', /"by_number\[x\]" must have a whole number as its key/],
    ['by_flag[1]=a', /must have true or false as its key/],
    ['by_color[a]=RED', /"by_color\[a\]" must be a value of t\.Color/],
    ['deep_map[a]=1', /"deep_map\[a\]" is a map of messages/],
    ['struct_map[a]=1', /"struct_map\[a\]" is a map of messages/],
    ['tags[]=1', /"tags\[\]" is a list: repeat the parameter/],
    ['number[1]=1', /"number" is no map/],
    ['nope[1]=1', /"nope\[1\]" is unknown: t\.Q has no field "nope"/],
    ['[a]=1', /is unknown/],
    ['structs={}', /list of messages/],
    ['subs=1', /"subs" is a list of messages/],
    ['subs.number=1', /no fields of its own/],
    ['sub=1', /"sub" is a message; give its fields/],
    ...['struct', 'value', 'list', 'any', 'empty', 'sub.struct'].map((name): [string, RegExp] => [
      `${name}=1`,
      /is a google\.protobuf\.\w+, which only a JSON body can carry/,
    ]),
    ['struct.a=1', /no fields of its own/],
    ['number=1&number=2', /"number" is given twice/],
    ['name_of=a&nameOf=b', /"nameOf" is given twice/],
    ['at=x&at=y', /"at" is given twice/],
    ['flag=yes', /"flag" must be true or false/],
    ['flag=', /"flag" must be true or false/],
    ['maybe=1', /"maybe" must be true or false/],
    ['color=RED', /"color" must be a value of t\.Color/],
    ['color=', /"color" must be a value/],
    ['left=a&right=1', /"right" and "left" exclude each other: only one of "choice"/],
    ['left=a&deep.flag=true', /"deep\.flag" and "left" exclude/],
    [`${'sub.'.repeat(40)}number=1`, /more than 32 levels/],
    [Array.from({ length: 1001 }, () => 'tags=a').join('&'), /more than 1000/],
    [`${'x'.repeat(10_000)}=1`, /^the parameter "x{100}\.\.\."/],
  ];
  for (const [query, problem] of cases) {
    t.throws(() => ask(query), { name: 'RpcError', code: 3, message: problem }, query.slice(0, 60));
  }
  t.throws(() => ask('nameOf=x', '/q/a/7'), { code: 3, message: /"nameOf" is given by the path/ });
  t.throws(() => ask('sub.number=1', '/q/a/7'), { code: 3, message: /given by the path/ });
  t.throws(() => ask('right=1', '/left/x'), { code: 3, message: /exclude each other/ });
});

t.test('reserved parameters are passed over, also where a field has the name', async (t) => {
  const { method } = await start(t);
  const reserved = new Set(['flag', 'access_token']);
  const json = requestJson(method.input, [], new URLSearchParams('flag=nonsense&access_token=x&number=1'), {
    reserved,
  });
  t.same({ ...json }, { number: '1' });
});

t.test('beside a body the address has what its rule leaves it', async (t) => {
  const { schema } = await start(t);
  const bind = (path: string, query: string): Json => {
    const match = schema.routes.match('POST', path) ?? schema.routes.match('GET', path);
    if (match?.binding === undefined) throw new Error(`no rule for ${path}`);
    const json = jsonBesideBody(
      match.method.input,
      match.binding.body,
      match.pathValues,
      new URLSearchParams(query),
      { reserved: new Set(['mine']) },
    );
    assertNoRival(match.binding.body, json);
    return JSON.parse(JSON.stringify(json)) as Json;
  };
  t.same(bind('/all', 'mine=1'), {});
  t.same(bind('/all/a/7', ''), { nameOf: 'a', sub: { number: '7' } });
  t.same(bind('/sub/7', 'flag=true'), { flag: true, sub: { number: '7' } });
  t.same(bind('/deep', 'flag=true'), { flag: true });
  t.same(bind('/q/a/7', 'number=1'), { nameOf: 'a', number: '1', sub: { number: '7' } });
  t.throws(() => bind('/all', 'number=1'), {
    code: 3,
    message: /"number" is not allowed: this path takes every field from the body/,
  });
  t.throws(() => bind('/sub/7', 'sub.ratio=1'), { code: 3, message: /belongs into the body/ });
  t.throws(() => bind('/deep', 'left=x'), { code: 3, message: /"left" and the body, "deep", exclude/ });
});

t.test('any query is either a request of the type or INVALID_ARGUMENT', async (t) => {
  const { method } = await start(t);
  const names = method.input.fields.flatMap((field) => [field.name, field.jsonName]);
  const name = fc
    .array(fc.oneof(fc.constantFrom(...names, 'sub', 'deep'), fc.string({ unit: 'binary', maxLength: 5 })), {
      minLength: 1,
      maxLength: 4,
    })
    .map((parts) => parts.join('.'));
  const value = fc.oneof(
    fc.constantFrom('', '1', 'true', 'COLOR_RED', '2020-01-01T00:00:00Z', 'x'),
    fc.string({ unit: 'binary', maxLength: 6 }),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { maxLength: 6 }), (pairs) => {
      try {
        const json = requestJson(method.input, [], new URLSearchParams(pairs));
        // No object has a prototype that a name could reach, and none inherits anything.
        const bare = (proto: object | null): boolean =>
          proto === null || (Reflect.ownKeys(proto).length === 0 && Object.getPrototypeOf(proto) === null);
        const flat = (node: unknown): boolean =>
          typeof node !== 'object' ||
          node === null ||
          Array.isArray(node) ||
          (bare(Object.getPrototypeOf(node)) && Object.values(node).every(flat));
        return flat(json);
      } catch (error) {
        return error instanceof Error && 'code' in error && error.code === 3;
      }
    }),
    { numRuns: 1000 },
  );
});

t.test('scalars that are written as parameters are read back as they were', async (t) => {
  const { ask } = await start(t);
  const request = fc.record({
    nameOf: fc.string({ unit: 'grapheme', minLength: 1 }),
    number: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    long: fc.bigInt({ min: 1n, max: 2n ** 63n - 1n }).map(String),
    tags: fc.array(fc.string({ unit: 'grapheme' }), { minLength: 1, maxLength: 4 }),
    data: fc
      .uint8Array({ minLength: 1, maxLength: 20 })
      .map((bytes) => Buffer.from(bytes).toString('base64')),
    sub: fc.record({ ratio: fc.double({ noNaN: true, noDefaultInfinity: true, min: 1e-300 }) }),
  });
  fc.assert(
    fc.property(request, (wanted) => {
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries({
        ...wanted,
        sub: undefined,
        'sub.ratio': wanted.sub.ratio,
      })) {
        for (const each of Array.isArray(value) ? value : [value])
          if (each !== undefined) query.append(name, String(each));
      }
      t.match(JSON.parse(JSON.stringify(ask(query.toString()))), JSON.parse(JSON.stringify(wanted)));
    }),
    { numRuns: 100 },
  );
});
