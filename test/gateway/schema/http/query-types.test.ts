import { type DescMessage, fromBinary, type JsonValue, toJson } from '@bufbuild/protobuf';
import fc from 'fast-check';
import t from 'tap';
import { compiledCodec } from '../../../../gateway/codec/index.js';
import { requestJson } from '../../../../gateway/schema/index.js';
import { RpcError } from '../../../../gateway/status/index.js';
import { protoRegistry } from '../../codec/proto-source.js';

/** Of a type: how its values are written in a query, what they are as JSON, what cannot be one, and whether its zero has no presence. */
interface TypeRow {
  readonly type: string;
  readonly good: readonly (readonly [text: string, json: JsonValue])[];
  readonly bad: readonly string[];
  readonly zero: string | undefined;
}

const whole = (type: string, min: bigint, max: bigint): TypeRow => {
  const json = (value: bigint): JsonValue => (type.endsWith('64') ? String(value) : Number(value));
  const values = [min === 0n ? 1n : min, max, 7n];
  return {
    type,
    good: [...values.map((value) => [String(value), json(value)] as const), ['1e2', json(100n)]],
    bad: ['', 'x', ' 1', '1.5', '0x10', 'NaN', '1e99', String(max + 1n), String(min - 1n), 'true', '--1'],
    zero: '0',
  };
};
const real = (type: string): TypeRow => ({
  type,
  good: [
    ['1.5', 1.5],
    ['-2', -2],
    ['1e3', 1000],
    ['NaN', 'NaN'],
    ['Infinity', 'Infinity'],
    ['-Infinity', '-Infinity'],
  ],
  bad: ['', 'x', ' 1', '1,5', '0x10', 'inf', ...(type === 'float' ? ['1e39'] : [])],
  zero: '0',
});
const BITS_32 = [-(2n ** 31n), 2n ** 31n - 1n] as const;
const BITS_64 = [-(2n ** 63n), 2n ** 63n - 1n] as const;
const moment = '2020-01-02T03:04:05.000006Z';

const ROWS: readonly TypeRow[] = [
  ...['int32', 'sint32', 'sfixed32'].map((type) => whole(type, ...BITS_32)),
  ...['int64', 'sint64', 'sfixed64'].map((type) => whole(type, ...BITS_64)),
  ...['uint32', 'fixed32'].map((type) => whole(type, 0n, 2n ** 32n - 1n)),
  ...['uint64', 'fixed64'].map((type) => whole(type, 0n, 2n ** 64n - 1n)),
  real('float'),
  real('double'),
  { type: 'bool', good: [['true', true]], bad: ['', 'True', '1', '0', 'yes', ' true'], zero: 'false' },
  {
    type: 'string',
    good: ['x', ' a b ', 'ü', '😀', '&=+%/?#', 'null', '[1]'].map((text) => [text, text]),
    bad: [],
    zero: '',
  },
  {
    type: 'bytes',
    good: [
      ['AQID+/8=', 'AQID+/8='],
      ['AQID-_8', 'AQID+/8='],
      ['AQID-_8=', 'AQID+/8='],
    ],
    bad: ['A', '=', 'A*==', 'ü'],
    zero: '',
  },
  {
    type: 'Color',
    good: [
      ['RED', 'RED'],
      ['5', 'RED'],
      ['-1', 'NEGATIVE'],
    ],
    bad: ['', 'red', 'Color.RED', '5.0', '2147483648'],
    zero: 'NONE',
  },
  {
    type: 'google.protobuf.Timestamp',
    good: [
      [moment, moment],
      ['2020-01-02T05:04:05+02:00', '2020-01-02T03:04:05Z'],
    ],
    bad: ['', '2020-01-02', 'now', '1577934245', '2020-13-01T00:00:00Z', '0000-01-01T00:00:00Z'],
    zero: undefined,
  },
  {
    type: 'google.protobuf.Duration',
    good: [
      ['1.5s', '1.500s'],
      ['-3s', '-3s'],
      ['0s', '0s'],
    ],
    bad: ['', '1', '1m', 's', '1.0000000001s', '315576000001s'],
    zero: undefined,
  },
  {
    type: 'google.protobuf.FieldMask',
    good: [
      ['a_b,c.dE', 'aB,c.dE'],
      ['aB', 'aB'],
      ['', ''],
    ],
    bad: [],
    zero: undefined,
  },
  ...(
    [
      ['Int32Value', '7', 7, ['1.5', '']],
      ['UInt32Value', '0', 0, ['-1', '']],
      ['Int64Value', '-9223372036854775808', '-9223372036854775808', ['9223372036854775808']],
      ['UInt64Value', '18446744073709551615', '18446744073709551615', ['-1']],
      ['FloatValue', '1.5', 1.5, ['x']],
      ['DoubleValue', 'NaN', 'NaN', ['x']],
      ['BoolValue', 'false', false, ['0', '']],
      ['StringValue', '', '', []],
      ['BytesValue', '-_8', '+/8=', ['A']],
    ] as const
  ).map(
    ([type, text, json, bad]): TypeRow => ({
      type: `google.protobuf.${type}`,
      good: [[text, json]],
      bad,
      zero: undefined,
    }),
  ),
];

const IMPORTS = ['duration', 'field_mask', 'timestamp', 'wrappers']
  .map((name) => `import "google/protobuf/${name}.proto";`)
  .join(' ');

/** Fields one0, list0, map0, maybe0 and choice0 of the first type, and so on. */
function message(name: string, single: string, maybe: string): string {
  const fields = ROWS.flatMap(({ type }, index) => [
    `${single} ${type} one${index} = ${index * 5 + 1};`,
    `repeated ${type} list${index} = ${index * 5 + 2};`,
    `map<string, ${type}> map${index} = ${index * 5 + 3};`,
    `${maybe} ${type} maybe${index} = ${index * 5 + 4};`,
    `oneof choose${index} { ${type} choice${index} = ${index * 5 + 5}; string other${index} = ${index + 1000}; }`,
  ]);
  return `message ${name} { ${fields.join('\n')} ${single} ${name} sub = 2000; }`;
}

const ENUM = 'enum Color { NONE = 0; RED = 5; NEGATIVE = -1; }';
const SYNTAXES = [
  { name: 'proto3', head: 'syntax = "proto3";', single: '', maybe: 'optional', presence: false, open: true },
  {
    name: 'proto2',
    head: 'syntax = "proto2";',
    single: 'optional',
    maybe: 'optional',
    presence: true,
    open: false,
  },
  { name: 'editions', head: 'edition = "2023";', single: '', maybe: '', presence: true, open: true },
] as const;

const registry = protoRegistry(
  Object.fromEntries(
    SYNTAXES.map(({ name, head, single, maybe }) => [
      `${name}.proto`,
      `${head} package ${name}; ${IMPORTS} ${ENUM} ${message('Q', single, maybe)}`,
    ]),
  ),
);
const codec = compiledCodec(registry, { codeGeneration: true });

/** The request as the service reads it. */
function asked(input: DescMessage, pairs: [string, string][]): JsonValue {
  const query = new URLSearchParams(pairs);
  const json = JSON.stringify(requestJson(input, [], new URLSearchParams(query.toString())));
  const wire = codec.forMessage(input).fromJson(json);
  return toJson(input, fromBinary(input, wire), { registry });
}

for (const { name, presence, open } of SYNTAXES) {
  t.test(`${name}: every type, single, repeated, in a map, in a oneof, nested`, async (t) => {
    const input = registry.getMessage(`${name}.Q`) as DescMessage;
    for (const [index, { type, good, bad, zero }] of ROWS.entries()) {
      for (const [text, json] of good) {
        const cases: [pairs: [string, string][], wanted: JsonValue][] = [
          [[[`one${index}`, text]], { [`one${index}`]: json }],
          [[[`sub.sub.maybe${index}`, text]], { sub: { sub: { [`maybe${index}`]: json } } }],
          [[[`choice${index}`, text]], { [`choice${index}`]: json }],
          [
            [
              [`list${index}`, text],
              [`list${index}`, good[0]?.[0] ?? ''],
            ],
            { [`list${index}`]: [json, good[0]?.[1] ?? ''] },
          ],
          [[[`map${index}[a.b]`, text]], { [`map${index}`]: { 'a.b': json } }],
        ];
        for (const [pairs, wanted] of cases)
          t.same(asked(input, pairs), wanted, `${type} ${pairs.join('&')}`);
      }
      for (const text of bad) {
        for (const field of [
          `one${index}`,
          `list${index}`,
          `map${index}[k]`,
          `choice${index}`,
          `sub.one${index}`,
        ]) {
          const problem = new RegExp(`${field.split(/[[.]/).at(field.startsWith('sub') ? 1 : 0)}`);
          t.throws(
            () => asked(input, [[field, text]]),
            { code: 3, message: problem },
            `${type} ${field}=${text}`,
          );
        }
      }
      if (zero !== undefined) {
        const one = presence ? { [`one${index}`]: zeroJson(type, zero) } : {};
        t.same(asked(input, [[`one${index}`, zero]]), one, `${type}: a zero`);
        const maybe = { [`maybe${index}`]: zeroJson(type, zero) };
        t.same(asked(input, [[`maybe${index}`, zero]]), maybe, `${type}: a zero that is told from absent`);
      }
      const twice = [`one${index}`, `choice${index}`, `map${index}[k]`];
      const value = good[0]?.[0] ?? '';
      for (const field of twice) {
        const pairs: [string, string][] = [
          [field, value],
          [field, value],
        ];
        t.throws(() => asked(input, pairs), { code: 3, message: /is given twice/ }, `${type} ${field} twice`);
      }
      t.throws(
        () =>
          asked(input, [
            [`choice${index}`, value],
            [`other${index}`, 'x'],
          ]),
        { code: 3, message: new RegExp(`"other${index}" and "choice${index}" exclude each other`) },
      );
      t.throws(() => asked(input, [[`map${index}`, value]]), {
        code: 3,
        message: /is a map: write its entries/,
      });
    }
    const color = ROWS.findIndex(({ type }) => type === 'Color');
    if (open) t.same(asked(input, [[`one${color}`, '77']]), { [`one${color}`]: 77 });
    else
      t.throws(() => asked(input, [[`one${color}`, '77']]), { code: 3, message: new RegExp(`one${color}`) });
  });
}

function zeroJson(type: string, zero: string): JsonValue {
  if (type === 'bool') return false;
  return /64$/.test(type) || !/(int|fixed|float|double)/.test(type) ? zero : Number(zero);
}

t.test('random queries are a request that says just that, or INVALID_ARGUMENT', async (t) => {
  const inputs = SYNTAXES.map(({ name }) => registry.getMessage(`${name}.Q`) as DescMessage);
  const seed = Number(process.env.SLUICE_QUERY_SEED ?? Date.now() % 2 ** 31);
  t.comment(`SLUICE_QUERY_SEED=${seed}`);
  const row = fc.nat(ROWS.length - 1).chain((index) =>
    fc.record({
      index: fc.constant(index),
      good: fc.constantFrom(...(ROWS[index] as TypeRow).good),
      form: fc.constantFrom('one', 'maybe', 'list', 'map', 'choice'),
      key: fc.string({ maxLength: 4 }),
      depth: fc.nat(3),
    }),
  );
  let refused = 0;
  fc.assert(
    fc.property(fc.constantFrom(...inputs), fc.array(row, { maxLength: 8 }), (input, rows) => {
      const wanted: Record<string, JsonValue> = {};
      let twice = false;
      const pairs = rows.map(({ index, good: [text, json], form, key, depth }): [string, string] => {
        let at = wanted;
        for (let level = 0; level < depth; level += 1) {
          at.sub ??= {};
          at = at.sub as Record<string, JsonValue>;
        }
        const name = `${form}${index}`;
        if (form === 'list') at[name] = [...((at[name] as JsonValue[] | undefined) ?? []), json];
        else if (form === 'map') {
          const map = (at[name] as Record<string, JsonValue> | undefined) ?? Object.create(null);
          twice ||= Object.hasOwn(map, key);
          map[key] = json;
          at[name] = map;
        } else {
          twice ||= name in at;
          at[name] = json;
        }
        return [`${'sub.'.repeat(depth)}${name}${form === 'map' ? `[${key}]` : ''}`, text];
      });
      try {
        const actual = asked(input, pairs);
        if (twice) return false;
        return canonical(actual) === canonical(withoutZeros(input, wanted));
      } catch (error) {
        refused += 1;
        return twice && error instanceof RpcError && error.code === 3;
      }
    }),
    { numRuns: 1000, seed },
  );
  t.ok(refused > 0 && refused < 500);
});

/** A zero without presence is not sent. */
function withoutZeros(input: DescMessage, json: Record<string, JsonValue>): JsonValue {
  const left = Object.entries(json).flatMap(([name, value]): [string, JsonValue][] => {
    if (name === 'sub') return [[name, withoutZeros(input, value as Record<string, JsonValue>)]];
    const isZero = value === '' || value === 0 || value === false || value === '0';
    const hasNone = input.typeName === 'proto3.Q' && name.startsWith('one');
    const index = Number(/\d+$/.exec(name)?.[0]);
    const isMessage = ROWS[index]?.type.startsWith('google.') === true;
    return isZero && hasNone && !isMessage ? [] : [[name, value]];
  });
  return Object.fromEntries(left);
}

function canonical(value: JsonValue | undefined): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  if (Array.isArray(value)) return `[${value.map(canonical)}]`;
  return `{${Object.keys(value)
    .sort()
    .map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`)}}`;
}
