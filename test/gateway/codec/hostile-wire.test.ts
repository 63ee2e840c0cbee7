import t from 'tap';
import { ByteWriter, compiledCodec } from '../../../gateway/codec/index.js';
import { allTypes } from './all-types.js';
import { messageOf } from './proto-source.js';
import { lengthDelimited, tag, varint } from './random-wire.js';
import { refusal } from './refusal.js';
import { writeWithin } from './write-within.js';

/** More than fit into the arguments of one call. */
const MANY = 300_000;

const NOT_UTF8 = Uint8Array.of(0x61, 0xff, 0x62);

for (const [mode, codeGeneration] of [
  ['generated', true],
  ['interpreted', false],
] as const) {
  const codec = compiledCodec(allTypes, { codeGeneration });
  const all = codec.forMessage(messageOf(allTypes, 'c.All'));
  const print = (wire: Uint8Array) => {
    const out = new ByteWriter();
    writeWithin(all, wire, out);
    return out.take().toString();
  };
  const int = (number: number, value: number) => Buffer.concat([tag(number, 0), varint(BigInt(value))]);
  const text = (number: number, value: string | Uint8Array) => lengthDelimited(number, Buffer.from(value));

  t.test(`${mode}: a list of any length is put in order, and so is what comes after it`, async (t) => {
    const item = int(90, 7);
    const list = Buffer.alloc(MANY * item.length, item);
    const sevens = `[${'7,'.repeat(MANY - 1)}7]`;
    t.equal(print(list), `{"expandedInt32":${sevens}}`, 'in order');
    const next = () => t.equal(print(int(1, 5)), '{"optionalInt32":5}', 'the next message');
    t.equal(print(Buffer.concat([list, int(1, 5)])), `{"optionalInt32":5,"expandedInt32":${sevens}}`);
    next();
    // Between two fields, so that no two records of one follow each other.
    const pair = Buffer.concat([int(90, 7), text(44, '')]);
    const mixed = print(Buffer.alloc(MANY * pair.length, pair));
    t.equal(mixed, `{"repeatedString":[${'"",'.repeat(MANY - 1)}""],"expandedInt32":${sevens}}`);
    next();
    for (let count = 0; count < 70; count += 1) print(int(1, 5));
    next();
  });

  t.test(`${mode}: singular fields and map keys that come again and again are put in order`, async (t) => {
    const again = Buffer.alloc(MANY * 2, int(1, 5));
    t.equal(print(again), '{"optionalInt32":5}');
    const split = lengthDelimited(18, int(1, 3));
    t.equal(print(Buffer.alloc(MANY * split.length, split)), '{"optionalNested":{"a":3}}');
    const entry = lengthDelimited(56, Buffer.concat([int(1, 1), int(2, 2)]));
    t.equal(print(Buffer.alloc(MANY * entry.length, entry)), '{"mapInt32Int32":{"1":2}}');
  });

  t.test(`${mode}: a string of the service that is not UTF-8 is named`, async (t) => {
    const any = (value: Uint8Array) =>
      Buffer.concat([text(1, 'type.googleapis.com/c.All'), lengthDelimited(2, value)]);
    const nested = (value: Uint8Array) => lengthDelimited(2, value);
    const cases: [string, Uint8Array][] = [
      ['optionalString', text(14, NOT_UTF8)],
      ['optionalString', Buffer.concat([text(14, NOT_UTF8), text(14, 'fine')])],
      ['optionalString', text(14, Buffer.concat([Buffer.alloc(400, 'a'), NOT_UTF8]))],
      ['presentString', text(29, NOT_UTF8)],
      ['repeatedString[2]', Buffer.concat([text(44, 'a'), text(44, 'b'), text(44, NOT_UTF8)])],
      ['optionalNested.corecursive.optionalString', lengthDelimited(18, nested(text(14, NOT_UTF8)))],
      [
        'repeatedNested[1].corecursive.repeatedString[0]',
        Buffer.concat([
          lengthDelimited(48, Buffer.alloc(0)),
          lengthDelimited(48, nested(text(44, NOT_UTF8))),
        ]),
      ],
      ['mapStringString.key', lengthDelimited(69, Buffer.concat([text(1, NOT_UTF8), text(2, 'a')]))],
      ['mapStringString.value', lengthDelimited(69, Buffer.concat([text(1, 'a'), text(2, NOT_UTF8)]))],
      ['stringValue', lengthDelimited(208, text(1, NOT_UTF8))],
      ['struct.key', lengthDelimited(304, lengthDelimited(1, text(1, NOT_UTF8)))],
      ['any.optionalString', lengthDelimited(305, any(text(14, NOT_UTF8)))],
      ['repeatedAny[0].repeatedString[0]', lengthDelimited(315, any(text(44, NOT_UTF8)))],
      [
        'mapStringNested.value.corecursive.optionalString',
        lengthDelimited(71, lengthDelimited(2, nested(text(14, NOT_UTF8)))),
      ],
    ];
    for (const [path, wire] of cases) {
      const message = refusal(() => print(wire))?.message;
      t.equal(message, `the service sent an invalid message: ${path}: a string is not valid UTF-8`);
    }
  });
}
