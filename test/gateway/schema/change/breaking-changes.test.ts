import { join } from 'node:path';
import t, { type Test } from 'tap';
import { finished } from '../../../../gateway/async/index.js';
import {
  breakingChanges,
  descriptorSetFromProtoFiles,
  type Schema,
} from '../../../../gateway/schema/index.js';
import { lateSchemaSteps } from '../../../../gateway/schema/load/late-schema.js';
import { sameServices } from '../../../../gateway/schema/load/same-services.js';
import { schemaFromText } from '../schema-from-text.js';

const BEFORE = `
  enum E { ZERO = 0; ONE = 1; TWO = 2; }
  message Leaf { string text = 1; }
  message Unused { string text = 1; }
  message M { string a = 1; int32 b = 2; repeated Leaf c = 3; map<string, E> d = 4; E e = 5; M again = 6; oneof o { string f = 7; } }
  service S {
    rpc One(M) returns (M) { option (google.api.http) = { get: "/one/{a}" additional_bindings { get: "/b/{b}" } }; }
    rpc Many(M) returns (stream Leaf);
  }
  service Other { rpc Safe(M) returns (M) { option idempotency_level = NO_SIDE_EFFECTS; } }`;

const NOTHING: readonly string[] = [];

/** What one edit of the text above breaks. */
const CASES: readonly (readonly [
  edit: string,
  from: RegExp | string,
  to: string,
  broken: readonly string[],
])[] = [
  ['nothing', '', '', NOTHING],
  ['a comment', 'message Leaf', '/* a leaf */ message Leaf', NOTHING],
  ['a new field', 'string a = 1;', 'string a = 1; string z = 9;', NOTHING],
  ['a new method', 'rpc Many', 'rpc New(M) returns (M); rpc Many', NOTHING],
  ['a new value', 'TWO = 2;', 'TWO = 2; THREE = 3;', NOTHING],
  ['a new rule', 'get: "/one/{a}"', 'get: "/one/{a}" additional_bindings { get: "/new" }', NOTHING],
  ['a message that no method uses', 'message Unused { string text = 1; }', '', NOTHING],
  ['fields in another order', /string a = 1; int32 b = 2;/, 'int32 b = 2; string a = 1;', NOTHING],
  ['a method is removed', /rpc Many.*;/, '', ['S/Many: the method is gone']],
  ['a service is removed', /service Other.*$/, '', ['Other/Safe: the method is gone']],
  [
    'a stream is none',
    'returns (stream Leaf)',
    'returns (Leaf)',
    ['S/Many: it was message -> stream, and is message -> message'],
  ],
  [
    'another answer',
    'returns (stream Leaf)',
    'returns (stream M)',
    ['S/Many: it was (t.M) returns (t.Leaf), and is (t.M) returns (t.M)'],
  ],
  [
    'a rule is removed',
    ' additional_bindings { get: "/b/{b}" }',
    '',
    ['S/One: the http rule "GET /b/{b}" is gone'],
  ],
  [
    'a safe method is none',
    'option idempotency_level = NO_SIDE_EFFECTS;',
    '',
    ['Other/Safe: it is no longer free of side effects'],
  ],
  [
    'a field is removed',
    'int32 b = 2;',
    '',
    ['S/One: the http rule "GET /b/{b}" is gone', 'M.b: the field is gone'],
  ],
  ['a field is renamed', 'Leaf c = 3', 'Leaf cc = 3', ['M.c: it is called cc now']],
  ['a field has another number', 'int32 b = 2;', 'int32 b = 12;', ['M.b: its number was 2, and is 12']],
  ['a scalar of another type', 'int32 b = 2;', 'string b = 2;', ['M.b: its type was int32, and is string']],
  [
    'a message of another type',
    'Leaf c = 3',
    'Unused c = 3',
    ['M.c: its type was repeated t.Leaf, and is repeated t.Unused'],
  ],
  ['a list that is none', 'repeated Leaf c', 'Leaf c', ['M.c: its type was repeated t.Leaf, and is t.Leaf']],
  [
    'a map of other keys',
    'map<string, E>',
    'map<int32, E>',
    ['M.d: its type was map<string, t.E>, and is map<int32, t.E>'],
  ],
  [
    'another JSON name',
    'string a = 1;',
    'string a = 1 [json_name = "A"];',
    ['M.a: its JSON name was a, and is A'],
  ],
  [
    'a nested message changes, told once',
    'string text = 1; }\n  message Unused',
    'bytes text = 1; }\n  message Unused',
    ['Leaf.text: its type was string, and is bytes'],
  ],
  ['a value is removed', 'TWO = 2;', '', ['E.TWO: the value is gone']],
  [
    'values change places',
    'ONE = 1; TWO = 2;',
    'ONE = 2; TWO = 1;',
    ['E.ONE: its number was 1, and is 2', 'E.TWO: its number was 2, and is 1'],
  ],
];

for (const [edit, from, to, broken] of CASES) {
  t.test(`${edit}: ${broken.length === 0 ? 'breaks nothing' : 'is named'}`, async (t) => {
    const text = BEFORE.replace(from, to);
    t.ok(text !== BEFORE || edit === 'nothing', 'the edit is one');
    const before = await schemaFromText(t, BEFORE);
    const after = await schemaFromText(t, text);
    t.same(
      breakingChanges(before, after).map(({ name, change }) => `${name}: ${change}`),
      broken.map((each) => `t.${each}`),
    );
  });
}

/** A schema of `t.proto` with a text, and of `far.proto`, which does not change, read file by file. */
async function lateSchema(t: Test, text: string): Promise<Schema> {
  const head = 'syntax = "proto3"; import "google/api/annotations.proto";';
  const folder = t.testdir({
    't.proto': `${head} package t; ${text}`,
    'far.proto': `${head} package far; message B { string b = 1 [deprecated = true]; }
      service Far { rpc Do(B) returns (B) { option (google.api.http) = { get: "/far/{b}" }; } }`,
    'near.proto': `${head} import "t.proto"; package near; service Near { rpc Do(t.Leaf) returns (t.Leaf); }`,
  });
  const files = ['t.proto', 'far.proto', 'near.proto'].map((file) => join(folder, file));
  const bytes = Buffer.from(await descriptorSetFromProtoFiles(files, [folder]));
  // Whoever reads this file finds that options of a field end in their middle.
  const at = bytes.indexOf(Buffer.from([0x42, 2, 0x18, 1]), bytes.indexOf('far.proto'));
  bytes[at + 2] = 0xaa;
  return finished(lateSchemaSteps(bytes, undefined)) as Schema;
}

t.test(
  'of a schema that is read file by file, what is the same is not read, and all else is compared',
  async (t) => {
    const before = await lateSchema(t, BEFORE);
    for (const [edit, from, to, broken] of CASES) {
      const after = await lateSchema(t, BEFORE.replace(from, to));
      t.same(
        breakingChanges(before, after).map(({ name, change }) => `${name}: ${change}`),
        broken.map((each) => `t.${each}`),
        edit,
      );
    }
    const isSame = sameServices(
      before.registry,
      (await lateSchema(t, BEFORE.replace('TWO = 2;', ''))).registry,
    );
    t.same(before.serviceNames.filter(isSame), ['far.Far']);
  },
);

t.test('large messages cost no more than they are large', async (t) => {
  const fields = (type: string) =>
    Array.from({ length: 4_000 }, (_, n) => `${type} f${n} = ${n + 1};`).join(' ');
  const of = (type: string) =>
    schemaFromText(t, `message M { ${fields(type)} } service S { rpc One(M) returns (M); }`);
  t.equal(breakingChanges(await of('int32'), await of('int64')).length, 4_000);
});
