import t from 'tap';
import { shapeOfField } from '../../../clients/playground/json/field-shape.js';
import { pathText } from '../../../clients/playground/json/json-value.js';
import { problemsOf } from '../../../clients/playground/json/request-check.js';
import { compiledCodec } from '../../../gateway/codec/index.js';
import { allTypes } from '../../gateway/codec/all-types.js';
import { refusal } from '../../gateway/codec/refusal.js';

const codec = compiledCodec(allTypes, { codeGeneration: false });
const find = (name: string) => allTypes.getMessage(name);

function typeNamed(name: string) {
  const type = allTypes.getMessage(name);
  if (type === undefined) throw new Error(`no ${name}`);
  return type;
}

/** Values of every kind, and those beside every limit. As JSON texts, because that is what both read. */
const VALUES: readonly string[] = [
  ...['null', 'true', 'false', '{}', '[]', '""', '"abc"', '"true"', '"null"', '[null]', '[[]]', '{"a":null}'],
  ...['0', '-0', '1', '-1', '1.5', '1e3', '1e-3', '1e400', '-1e300', '3.5e38', '3.4028235e38', '0.1'],
  ...['2147483647', '2147483648', '-2147483648', '-2147483649', '4294967295', '4294967296'],
  ...['9007199254740991', '"9223372036854775807"', '"9223372036854775808"', '"-9223372036854775808"'],
  ...['"18446744073709551615"', '"18446744073709551616"', '"-9223372036854775809"', '"1"', '"01"', '"1.0"'],
  ...[
    '"1e2"',
    '"1e-1"',
    '" 1"',
    '"1 "',
    '"0x1"',
    '"+1"',
    '"."',
    '"1."',
    '"NaN"',
    '"-Infinity"',
    '"infinity"',
  ],
  ...['"AA=="', '"AA"', '"A"', '"AAA="', '"A==="', '"_-A"', '"+/A"', '"AA==="', '"AAAA=="', '"A A"', '"é"'],
  ...['"RED"', '"red"', '"BLUE"', '7', '-7', '"ONE"', '"THREE"', '"NULL_VALUE"'],
  ...['"2024-05-01T12:00:00Z"', '"2024-02-30T12:00:00Z"', '"2024-02-29T12:00:00Z"', '"2023-02-29T12:00:00Z"'],
  ...['"0001-01-01T00:00:00Z"', '"0000-01-01T00:00:00Z"', '"9999-12-31T23:59:59.999999999Z"', '"2024-05-01"'],
  ...[
    '"2024-05-01T24:00:00Z"',
    '"2024-05-01T12:00:60Z"',
    '"2024-05-01T12:00:00.1234567891Z"',
    '"2024-05-01t12:00:00z"',
  ],
  ...[
    '"0001-01-01T00:00:00+01:00"',
    '"9999-12-31T23:59:59-00:01"',
    '"2024-05-01T12:00:00+23:59"',
    '"2024-05-01T12:00:00+24:00"',
  ],
  ...['"1s"', '"-1.5s"', '"1.1234567891s"', '"315576000000s"', '"315576000001s"', '"1"', '"s"', '"1.s"'],
  ...['"a.bC,d"', '"a_b"', '[1]', '["a"]', '[1,"x"]', '[true,null]', '[{"a":1},{"a":"x"}]', '["AA","*"]'],
  ...[
    '{"1":1}',
    '{"1":1,"01":2}',
    '{"true":true}',
    '{"yes":true}',
    '{"a":"b"}',
    '{"a":{"a":"x"}}',
    '{"1":null}',
  ],
  ...['{"a":1}', '{"a":1,"b":2}', '{"corecursive":{"optionalInt32":"x"}}', '{"__proto__":1}', '{"-1":-1}'],
  ...['{"@type":"type.googleapis.com/c.All","optionalInt32":1}', '{"@type":"c.All","optionalInt32":"x"}'],
  ...['{"@type":"c.None"}', '{"@type":""}', '{"@type":"x/"}', '{"@type":1}', '{"a":1,"@type":"c.All"}'],
  ...['{"@type":"google.protobuf.Duration","value":"1s"}', '{"@type":"google.protobuf.Duration","value":1}'],
  ...['{"@type":"google.protobuf.Duration"}', '{"@type":"google.protobuf.Duration","value":"1s","b":1}'],
  ...['{"@type":"google.protobuf.Int32Value","value":"x"}', '{"@type":"google.protobuf.Empty"}'],
];

/** The gateway's answer without what it says of the whole request. */
function answerOf(typeName: string, json: string): string | undefined {
  const message = refusal(() => codec.forMessage(typeNamed(typeName)).fromJson(json))?.message;
  return message?.replace('invalid JSON: ', '');
}

function pageSays(typeName: string, json: string): string[] {
  return problemsOf(typeNamed(typeName), JSON.parse(json), find)
    .filter(({ isAdvice }) => !isAdvice)
    .map(({ path, text }) => (path.length === 0 ? text : `${pathText(path)}: ${text}`));
}

/** A text without the value that it shows: the gateway shows it as it was written. */
function plain(text: string | undefined): string | undefined {
  return text?.replace(/^(.*?expected .*?), not [\s\S]*$/, '$1');
}

t.test(
  'every field with every value: the page takes what the gateway takes, and says what it says',
  async (t) => {
    let refused = 0;
    let taken = 0;
    const differences: string[] = [];
    for (const typeName of ['c.All', 'c.Old']) {
      for (const field of typeNamed(typeName).fields) {
        for (const value of VALUES) {
          const json = `{${JSON.stringify(field.jsonName)}:${value}}`;
          const answer = answerOf(typeName, json);
          const [said] = pageSays(typeName, json);
          if (answer === undefined) taken += 1;
          else refused += 1;
          if (plain(said) !== plain(answer))
            differences.push(`${json} (${shapeOfField(field).kind}): gateway ${answer}, page ${said}`);
        }
      }
    }
    t.same(differences.slice(0, 20), [], `${differences.length} differ`);
    t.ok(taken > 1_000 && refused > 5_000, `${taken} taken, ${refused} refused`);
  },
);

t.test('whole requests: unknown and repeated fields, oneofs, nesting', async (t) => {
  for (const json of [
    '{"tekst":1}',
    '{"optionalInt32":1,"optional_int32":2}',
    '{"oneofUint32":1,"oneofString":"x"}',
    '{"oneofUint32":null,"oneofString":"x"}',
    '{"recursive":{"recursive":{"repeatedNested":[{},{"a":"x"}]}}}',
    '[]',
    '"x"',
    '{}',
  ]) {
    t.equal(plain(pageSays('c.All', json)[0]), plain(answerOf('c.All', json)), json);
  }
});

t.test('all problems are found, not only the first', async (t) => {
  const said = pageSays('c.All', '{"optionalInt32":"x","repeatedBool":[1,true,2],"unknown":1}');
  t.same(said, [
    'optionalInt32: expected an integer of 32 bits, not "x"',
    'repeatedBool[0]: expected true or false, not 1',
    'repeatedBool[2]: expected true or false, not 2',
    'c.All has no field "unknown"',
  ]);
  const many = problemsOf(
    typeNamed('c.All'),
    { repeatedInt32: Array.from({ length: 1_000 }, () => 'x') },
    find,
  );
  t.equal(many.length, 50);
});
