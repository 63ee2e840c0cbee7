import { ByteWriter, compiledCodec, joinParts, scalarField } from '../../../gateway/codec/index.js';
import { parseRichStatus } from '../../../gateway/upstream/status-details.js';
import { allTypes } from '../codec/all-types.js';
import { fieldOf, messageOf } from '../codec/proto-source.js';
import { lengthDelimited, tag, varint } from '../codec/random-wire.js';
import type { Cost } from './growth.js';

const int = (number: number, value: number) => Buffer.concat([tag(number, 0), varint(BigInt(value))]);
const text = (number: number, value: string | Uint8Array) => lengthDelimited(number, Buffer.from(value));

function repeated(record: Uint8Array, size: number): Buffer {
  return Buffer.alloc(Math.max(1, Math.floor(size / record.length)) * record.length, record);
}

function nested(depth: number, number: number, content: Uint8Array): Uint8Array {
  let bytes = content;
  for (let level = 0; level < depth; level += 1) bytes = lengthDelimited(number, bytes);
  return bytes;
}

function entries(size: number, number: number, key: (index: number) => Uint8Array): Buffer {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for (let index = 0; bytes < size; index += 1) {
    const entry = lengthDelimited(number, Buffer.concat([key(index), int(2, index)]));
    parts.push(entry);
    bytes += entry.length;
  }
  return Buffer.concat(parts);
}

/** Before everything else, so that what follows is out of order. */
const LATE = int(433, 1);
const both = (...parts: Uint8Array[]) => Buffer.concat(parts);

const WIRES: Readonly<Record<string, (size: number) => Uint8Array>> = {
  'a list in order': (size) => repeated(int(90, 1), size),
  'a list out of order': (size) => both(LATE, repeated(int(90, 1), size)),
  'two lists in turn': (size) => repeated(both(int(90, 1), text(44, '')), size),
  'one field again and again': (size) => repeated(int(1, 1), size),
  'a string again and again': (size) => repeated(text(14, 'abc'), size),
  'a oneof in turn': (size) => repeated(both(int(111, 1), text(113, 'a')), size),
  'a split message': (size) => repeated(text(18, int(1, 1)), size),
  'a split message out of order': (size) => both(LATE, repeated(text(18, text(2, int(1, 1))), size)),
  'empty messages': (size) => repeated(text(48, ''), size),
  'unknown fields': (size) => repeated(int(9_999, 1), size),
  'unknown groups': (size) => repeated(both(tag(9_999, 3), tag(9_999, 4)), size),
  'a group that does not end': (size) => repeated(tag(9_999, 3), size),
  'packed numbers': (size) => text(31, Buffer.alloc(size, 1)),
  'packed lists of nothing': (size) => repeated(text(31, ''), size),
  'long varints': (size) => Buffer.alloc(size, 0xff),
  'a map of many keys': (size) => entries(size, 69, (index) => text(1, `k${index}`)),
  'a map of numbers as text': (size) => entries(size, 69, (index) => text(1, String(index * 131_072))),
  'a map of many numbers': (size) => entries(size, 56, (index) => int(1, index)),
  'a map out of order': (size) =>
    both(
      LATE,
      entries(size, 56, (index) => int(1, index)),
    ),
  'one key again and again': (size) => entries(size, 56, () => int(1, 7)),
  'a string of quotation marks': (size) => text(14, Buffer.alloc(size, '"')),
  'a string of controls': (size) => text(14, Buffer.alloc(size, 1)),
  'a string with a wrong end': (size) => text(14, both(Buffer.alloc(size, 'a'), Buffer.of(0xff))),
  'strings, the last of them wrong': (size) => both(repeated(text(44, ''), size), text(44, Buffer.of(0xff))),
  'deep nesting': (size) => nested(80, 27, repeated(int(90, 1), size)),
  'deep nesting, all of it out of order': (size) => nested(80, 27, both(LATE, repeated(int(90, 1), size))),
  'nested messages in two parts': (size) => {
    const deep = nested(40, 27, text(18, int(1, 1)));
    return repeated(both(deep, deep), size);
  },
  'a field mask of many paths': (size) => text(303, repeated(text(1, 'a_b'), size)),
  'a field mask of a long path': (size) => text(303, text(1, Buffer.alloc(size, 'a_'))),
  'a struct of many keys': (size) =>
    text(
      304,
      entries(size, 1, (index) => both(text(1, `k${index}`), text(2, int(1, 0)))),
    ),
};

/** Everything that a message of the service, or a binary one of a client, can be made of. */
export function wireCosts(): Cost[] {
  const all = messageOf(allTypes, 'c.All');
  const field = fieldOf(all, 'oneof_uint32');
  const costs = (name: string, work: (wire: Uint8Array) => unknown) =>
    Object.entries(WIRES).map(
      ([shape, make]): Cost => ({
        name: `${name}, ${shape}`,
        prepare: (size) => {
          const wire = make(size);
          return () => work(wire);
        },
      }),
    );
  const print = [true, false].flatMap((codeGeneration) => {
    const codec = compiledCodec(allTypes, { codeGeneration }).forMessage(all);
    return costs(codeGeneration ? 'printer' : 'interpreted printer', (wire) => {
      const out = new ByteWriter();
      codec.writeJson(wire, 0, wire.length, out);
      return out.take();
    });
  });
  const client = compiledCodec(allTypes, { codeGeneration: true }).forMessage(all);
  return [
    ...print,
    ...costs('binary message of a client', (wire) => client.assertWire(wire)),
    ...costs('parts of a message', (wire) => joinParts(all, wire)),
    ...costs('cursor of a message', (wire) => scalarField(wire, field)),
    ...costs('status details', (wire) => parseRichStatus(wire)),
    {
      name: 'status details, many',
      prepare: (size) => {
        const wire = repeated(text(3, ''), size);
        return () => parseRichStatus(wire);
      },
    },
  ];
}
