import { getHeapStatistics } from 'node:v8';
import { fromBinary } from '@bufbuild/protobuf';
import t from 'tap';
import { bufbuildCodec, compiledCodec } from '../../../gateway/codec/index.js';
import { Code } from '../../../gateway/status/index.js';
import { allTypes } from './all-types.js';
import { messageOf } from './proto-source.js';
import { Random } from './random.js';
import { lengthDelimited, randomWire, tag, varint } from './random-wire.js';
import { refusal } from './refusal.js';

const all = messageOf(allTypes, 'c.All');
const codec = compiledCodec(allTypes, { codeGeneration: true }).forMessage(all);
const oracle = bufbuildCodec(allTypes).forMessage(all);

const int = (number: number, value: number) => Buffer.concat([tag(number, 0), varint(BigInt(value))]);
const text = (number: number, value: string | Uint8Array) => lengthDelimited(number, Buffer.from(value));
const NOT_UTF8 = Uint8Array.of(0x61, 0xff, 0x62);

t.test('what a serializer writes is a message; what is cut is one where the oracle says so', async (t) => {
  const firstSeed = Number(process.env.SLUICE_CODEC_SEED ?? Math.floor(Math.random() * 2 ** 31));
  let agreed = 0;
  for (let seed = firstSeed; seed < firstSeed + 300; seed += 1) {
    const random = new Random(seed);
    const wire = randomWire(random, all, allTypes, { untidy: random.once(2) });
    const cut = wire.subarray(0, random.below(wire.length + 1));
    for (const bytes of [wire, cut]) {
      const expected = refusal(() => oracle.assertWire(bytes))?.code;
      const found = refusal(() => codec.assertWire(bytes))?.code;
      if (found === expected) agreed += 1;
      else t.equal(found, expected, `SLUICE_CODEC_SEED=${seed} ${Buffer.from(bytes).toString('hex')}`);
    }
  }
  t.equal(agreed, 600);
});

t.test('what is no message is INVALID_ARGUMENT, and says what is wrong with whose', async (t) => {
  const cases: [Uint8Array, RegExp][] = [
    [Uint8Array.of(0x0a), /it is cut/],
    [Buffer.alloc(20, 0xff), /longer than ten bytes/],
    [Uint8Array.of(0, 0), /a field has number 0/],
    [text(14, NOT_UTF8), /optionalString: a string is not valid UTF-8/],
    [text(48, Uint8Array.of(8)), /it is cut/],
    [Buffer.alloc(30_000, tag(9_999, 3)), /nested too deeply/],
  ];
  for (const [wire, problem] of cases) {
    const error = refusal(() => codec.assertWire(wire));
    t.match(error, { code: Code.INVALID_ARGUMENT });
    t.match(error?.message, problem);
    t.match(error?.message, /^the frame is not a c\.All: /);
  }
});

t.test('four megabytes of the smallest parts take no memory', async (t) => {
  const SIZE = 4 * 1024 * 1024;
  const ALLOWED = 96 * 1024 * 1024;
  const records: Readonly<Record<string, Uint8Array>> = {
    'empty messages': text(48, ''),
    'empty entries': text(56, ''),
    'empty strings': text(44, ''),
    'parts of a message': text(18, ''),
    'unknown fields': int(9_999, 1),
    'unknown groups': Buffer.concat([tag(9_999, 3), tag(9_999, 4)]),
    numbers: int(90, 1),
  };
  for (const [name, record] of Object.entries(records)) {
    const wire = Buffer.alloc(Math.floor(SIZE / record.length) * record.length, record);
    const before = getHeapStatistics().total_heap_size;
    codec.assertWire(wire);
    t.ok(getHeapStatistics().total_heap_size - before < ALLOWED, name);
  }
  // What objects of them would take, so that the measure is known to measure.
  const before = getHeapStatistics().total_heap_size;
  const record = text(48, '');
  fromBinary(all, Buffer.alloc(Math.floor(SIZE / record.length) * record.length, record));
  t.ok(getHeapStatistics().total_heap_size - before > ALLOWED, 'objects take more');
});
