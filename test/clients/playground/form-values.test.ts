import t from 'tap';
import {
  base64FromBytes,
  bytesFromBase64,
  jsonFromNumberText,
  sizeText,
  textFromBytes,
  textOfValue,
} from '../../../clients/playground/form/control-text.js';
import { freeKey } from '../../../clients/playground/form/free-key.js';
import { emptyValue } from '../../../clients/playground/json/empty-value.js';
import { memberOf, shapeOfField, shapeText } from '../../../clients/playground/json/field-shape.js';
import { type JsonMembers, pathText, withMember } from '../../../clients/playground/json/json-value.js';
import { problemsOf } from '../../../clients/playground/json/request-check.js';
import { msFromTimestamp } from '../../../clients/playground/json/text-check.js';
import {
  chartValue,
  firstNumericField,
  keyFields,
  numericFields,
} from '../../../clients/playground/messages/chart-fields.js';
import { columnsOf } from '../../../clients/playground/messages/columns.js';
import {
  isRequiredField,
  isSecretField,
  isSetByService,
} from '../../../clients/playground/schema/field-help.js';
import { allTypes } from '../../gateway/codec/all-types.js';
import { projectRegistry } from '../../gateway/codec/proto-source.js';
import { schemaFromText } from '../../gateway/schema/schema-from-text.js';

function typeNamed(name: string, registry = allTypes) {
  const type = registry.getMessage(name);
  if (type === undefined) throw new Error(`no ${name}`);
  return type;
}

t.test('the value with which a control begins is one that the gateway takes', async (t) => {
  for (const typeName of ['c.All', 'c.Old']) {
    const type = typeNamed(typeName);
    for (const field of type.fields) {
      const request = { [field.jsonName]: emptyValue(shapeOfField(field)) };
      const found = problemsOf(type, request, (name) => allTypes.getMessage(name));
      t.same(
        found.filter(({ path }) => path.length > 0),
        [],
        `${field.name}: ${JSON.stringify(request)}`,
      );
      t.ok(shapeText(shapeOfField(field)).length > 0);
    }
  }
});

t.test('a member takes its place among the fields, and others keep theirs', async (t) => {
  const order = ['a', 'b', 'c'];
  const keys = (members: JsonMembers) => Object.keys(members).join('');
  t.equal(keys(withMember({ a: 1, c: 3 }, 'b', 2, order)), 'abc');
  t.equal(keys(withMember({ c: 3 }, 'a', 1, order)), 'ca'.split('').reverse().join(''));
  t.equal(keys(withMember({ c: 3, a: 1 }, 'c', 4, order)), 'ca', 'the order of a person stays');
  t.same(withMember({ a: 1, b: 2 }, 'a', undefined), { b: 2 });
  const odd = withMember({}, '__proto__', 1);
  t.same(Object.keys(odd), ['__proto__']);
  t.equal(Object.getPrototypeOf(odd), Object.prototype);
  t.equal(memberOf(typeNamed('c.All').fields[0] as never, { optional_int32: 1 }), 'optional_int32');
  t.equal(pathText(['a', 3, 'b']), 'a[3].b');
});

t.test('numbers are what a person typed: exact where JSON has them, text where it does not', async (t) => {
  t.equal(jsonFromNumberText('', false), undefined);
  t.equal(jsonFromNumberText(' 12 ', false), 12);
  t.equal(jsonFromNumberText('-1.5e3', false), -1500);
  t.equal(jsonFromNumberText('9223372036854775807', true), '9223372036854775807');
  t.equal(jsonFromNumberText('abc', false), 'abc');
  t.equal(jsonFromNumberText('NaN', false), 'NaN');
  t.equal(textOfValue('x'), 'x');
  t.equal(textOfValue(1.5), '1.5');
  t.equal(textOfValue(null), '');
});

t.test('bytes are text, base64, or neither', async (t) => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, index) => index % 256);
  const base64 = base64FromBytes(bytes);
  t.equal(base64, Buffer.from(bytes).toString('base64'));
  t.same(bytesFromBase64(base64), bytes);
  t.same(bytesFromBase64('_-A'), Uint8Array.of(0xff, 0xe0));
  t.equal(bytesFromBase64('*'), undefined);
  t.equal(textFromBytes(Buffer.from('héllo\n')), 'héllo\n');
  t.equal(textFromBytes(Uint8Array.of(0xff)), undefined);
  t.equal(textFromBytes(Uint8Array.of(0)), undefined);
  t.equal(sizeText(1), '1 byte');
  t.equal(sizeText(1536), '1.5 KiB');
  t.equal(sizeText(3 * 1024 * 1024), '3.0 MiB');
});

t.test('a new entry of a map has a key that no other has', async (t) => {
  t.equal(freeKey(9, []), 'key');
  t.equal(freeKey(9, [['key', 1]]), 'key2');
  t.equal(freeKey(5, [['1', 1]]), '2');
  t.equal(freeKey(8, [['true', 1]]), 'false');
});

t.test('times are read to the millisecond, and no others', async (t) => {
  t.equal(msFromTimestamp('1970-01-01T00:00:01.5Z'), 1_500);
  t.equal(msFromTimestamp('2024-02-29T12:00:00+02:00'), Date.UTC(2024, 1, 29, 10));
  t.equal(msFromTimestamp('2023-02-29T12:00:00Z'), undefined);
  t.equal(msFromTimestamp('yesterday'), undefined);
});

t.test('what the schema says of a field is read', async (t) => {
  const project = projectRegistry();
  const price = typeNamed('streaming.StockPrice', project);
  t.equal(firstNumericField(price), 'price');
  t.same(
    numericFields(price).map(({ name }) => name),
    ['price', 'change', 'volume'],
  );
  t.same(
    keyFields(price).map(({ name }) => name),
    ['symbol'],
  );
  const nested = await schemaFromText(
    t,
    `import "google/protobuf/timestamp.proto";
     message Deep { float ratio = 1; }
     message Inner { double value = 1; int64 count = 2; Deep deep = 3; string unit = 4; google.protobuf.Timestamp at = 5; }
     message Reading { string sensor = 1; Inner inner = 2; repeated Inner many = 3; Reading again = 4; }
     service S { rpc Get(Reading) returns (Reading); }`,
  );
  const event = typeNamed('t.Reading', nested.registry as typeof allTypes);
  t.same(
    numericFields(event).map(({ name }) => name),
    [
      'inner.value',
      'inner.count',
      'inner.deep.ratio',
      'again.inner.value',
      'again.inner.count',
      'again.inner.deep.ratio',
      'again.again.inner.value',
      'again.again.inner.count',
    ],
    'the numbers of messages within it, and of recursion only so deep',
  );
  t.equal(firstNumericField(event), 'inner.value');
  t.same(
    keyFields(event).map(({ name }) => name),
    [
      'sensor',
      'inner.unit',
      'again.sensor',
      'again.inner.unit',
      'again.again.sensor',
      'again.again.inner.unit',
      'again.again.again.sensor',
    ],
  );
  const [value] = numericFields(event);
  t.equal(value?.valueOf({ inner: { value: 7 } }), 7);
  t.equal(value?.valueOf({ inner: 'x' }), undefined);
  t.equal(value?.valueOf({}), undefined);
  t.equal(chartValue('42'), 42);
  t.equal(chartValue(''), undefined);
  t.equal(chartValue('x'), undefined);
  const columns = columnsOf(price);
  const message = { symbol: 'A', price: 1.23456789, timestamp: '2024-05-01T12:00:00.123456Z', volume: '7' };
  t.same(
    columns.map((column) => column.textOf(message)),
    ['A', '1.234568', '', '7', '2024-05-01 12:00:00.123'],
  );
  t.same(
    columns.map((column) => column.textOf('no message')),
    ['', '', '', '', ''],
  );
  for (const field of price.fields) {
    t.notOk(isRequiredField(field) || isSetByService(field) || isSecretField(field), field.name);
  }
});
