import {
  type DescMessage,
  type FileRegistry,
  fromBinary,
  fromJsonString,
  type JsonValue,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import t from 'tap';
import { ByteWriter, type Codec, compiledCodec } from '../../../gateway/codec/index.js';
import { ascii, Random } from './random.js';
import { randomSchema } from './random-schema.js';
import { randomWire } from './random-wire.js';
import { refusal } from './refusal.js';
import { respell } from './respelling.js';
import { difference } from './same-json.js';
import { isStrictWire } from './strict-wire.js';
import { writeWithin } from './write-within.js';
import { isWrittenAcceptance, isWrittenMeaning, isWrittenRefusal } from './written-differences.js';

/** More cases: SLUICE_CODEC_CASES=200000. The same cases again: SLUICE_CODEC_SEED=..., as printed. */
const cases = Number(process.env.SLUICE_CODEC_CASES ?? 3000);
const firstSeed = Number(process.env.SLUICE_CODEC_SEED ?? Date.now() % 1_000_000_000);
const MUTATIONS = 6;

t.setTimeout(60_000 + cases * 10);

interface Sample {
  readonly random: Random;
  readonly type: DescMessage;
  readonly registry: FileRegistry;
  readonly codecs: readonly Codec[];
  readonly wire: Buffer;
  readonly name: string;
}

function* samples(): Generator<Sample> {
  let count = 0;
  for (let seed = firstSeed; count < cases; seed += 1) {
    const random = new Random(seed);
    const { registry, types } = randomSchema(random);
    const codecs = [false, true].map((codeGeneration) => compiledCodec(registry, { codeGeneration }));
    for (const type of types) {
      for (let index = 0; index < 3; index += 1) {
        const wire = randomWire(random, type, registry, { untidy: index === 2 });
        yield {
          name: `SLUICE_CODEC_SEED=${seed} ${type.typeName} #${index}`,
          random,
          type,
          registry,
          codecs,
          wire,
        };
        count += MUTATIONS;
      }
    }
  }
}

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}

/** The result, or undefined when it is refused; every other error goes on. */
function result<T>(action: () => T): T | undefined {
  let value: T | undefined;
  refusal(() => {
    value = action();
  });
  return value;
}

function mutateBytes(random: Random, wire: Buffer): Buffer {
  const bytes = Buffer.from(wire);
  if (bytes.length === 0) return Buffer.from([random.below(256)]);
  const at = random.below(bytes.length);
  switch (random.below(6)) {
    case 0:
      bytes[at] = random.below(256);
      return bytes;
    case 1:
      bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
      return bytes;
    case 2:
      return bytes.subarray(0, at);
    case 3:
      return Buffer.concat([
        bytes.subarray(0, at),
        Buffer.from([random.pick([0, 0x80, 0xff, 0x7f])]),
        bytes.subarray(at),
      ]);
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]);
    default:
      return Buffer.concat([bytes, bytes.subarray(at)]);
  }
}

t.test('damaged wire bytes are refused or read as the oracle reads them', async (t) => {
  t.comment(`SLUICE_CODEC_SEED=${firstSeed} SLUICE_CODEC_CASES=${cases}`);
  let failure = '';
  let refused = 0;
  let accepted = 0;
  for (const sample of samples()) {
    for (let round = 0; round < MUTATIONS && failure === ''; round += 1) {
      const wire = mutateBytes(sample.random, sample.wire);
      const verdict = checkWire(sample, wire);
      if (verdict === 'accepted') accepted += 1;
      else if (verdict === 'refused') refused += 1;
      else failure = `${sample.name}: ${verdict}\nwire: ${wire.toString('hex')}`;
    }
    if (failure !== '') break;
  }
  t.equal(ascii(failure), '');
  t.ok(refused > 0 && accepted > 0, `${refused} refused, ${accepted} accepted`);
});

/** One field alone is refused as it should be, or is what it is in the message; it need not look at what else is wrong with that. */
function aloneProblem(
  codecs: readonly Codec[],
  type: DescMessage,
  wire: Buffer,
  whole: string | undefined,
): string | undefined {
  const field = type.fields[wire.length % type.fields.length];
  if (field === undefined) return undefined;
  for (const codec of codecs) {
    const text = result(() => {
      const out = new ByteWriter();
      writeWithin(codec.forField(type, field), wire, out);
      return out.take().toString();
    });
    if (whole === undefined) continue;
    if (text === undefined) return `${field.name} alone is refused, the message is ${whole}`;
    const json = JSON.parse(whole) as Record<string, JsonValue>;
    if (!Object.hasOwn(json, field.jsonName)) continue;
    const different = difference(json[field.jsonName] as JsonValue, JSON.parse(text) as JsonValue, 'meaning');
    if (different !== undefined) return `${field.name} alone is ${text}, the message is ${whole}`;
  }
  return undefined;
}

/** 'accepted', 'refused', or what is wrong. */
function checkWire({ type, registry, codecs }: Sample, wire: Buffer): string {
  const texts = codecs.map((codec) =>
    result(() => {
      const out = new ByteWriter();
      writeWithin(codec.forMessage(type), wire, out);
      return out.take().toString();
    }),
  );
  const [text, generated] = texts;
  const alone = aloneProblem(codecs, type, wire, text);
  if (alone !== undefined) return alone;
  if (text !== generated) return `interpreted ${text}, generated ${generated}`;
  const want = attempt(() => toJson(type, fromBinary(type, wire), { registry }) as JsonValue);
  // Written differences: the oracle does not look at wire types, at the bounds of nested messages and so on.
  const strict = isStrictWire(type, registry, wire);
  if (!strict) return text === undefined ? 'refused' : 'accepted';
  if (want === undefined) return text === undefined ? 'refused' : `accepts as ${text}, the oracle refuses`;
  if (text === undefined) return `refuses, the oracle has ${JSON.stringify(want)}`;
  return difference(want, JSON.parse(text), 'text') ?? 'accepted';
}

const PIECES = [
  '"',
  '{',
  '}',
  '[',
  ']',
  ',',
  ':',
  '-',
  '0',
  '1',
  'e',
  '.',
  'null',
  'true',
  ' ',
  '\\',
  '\\u0000',
  '\u0000',
  'é',
  '1e400',
  '\\ud800',
];

function mutateText(random: Random, text: string): string {
  const at = random.below(text.length + 1);
  const end = at + 1 + random.below(3);
  switch (random.below(5)) {
    case 0:
      return text.slice(0, at) + text.slice(end);
    case 1:
      return text.slice(0, at) + random.pick(PIECES) + text.slice(at);
    case 2:
      return text.slice(0, at) + random.pick(PIECES) + text.slice(end);
    case 3:
      return text.slice(0, at);
    default:
      return text.slice(0, at) + text.slice(at, end + 6) + text.slice(at);
  }
}

t.test('damaged JSON is refused or read as the oracle reads it', async (t) => {
  let failure = '';
  let refused = 0;
  let accepted = 0;
  for (const sample of samples()) {
    const { type, registry, wire, random } = sample;
    const value = attempt(() => toJson(type, fromBinary(type, wire), { registry }));
    if (value === undefined) continue;
    for (let round = 0; round < MUTATIONS && failure === ''; round += 1) {
      const json = mutateText(random, respell(random, type, value, registry));
      const verdict = checkJson(sample, json);
      if (verdict === 'accepted') accepted += 1;
      else if (verdict === 'refused') refused += 1;
      else failure = `${sample.name}: ${verdict}\n${json}`;
    }
    if (failure !== '') break;
  }
  t.equal(ascii(failure), '');
  t.ok(refused > 0 && accepted > 0, `${refused} refused, ${accepted} accepted`);
});

function checkJson({ type, registry, codecs }: Sample, json: string): string {
  const wires = codecs.map((codec) =>
    result(() => Buffer.from(codec.forMessage(type).fromJson(json)).toString('hex')),
  );
  const [got, generated] = wires;
  if (got !== generated) return `interpreted ${got}, generated ${generated}`;
  const want = attempt(() => toBinary(type, fromJsonString(type, json, { registry })));
  if (want === undefined) {
    if (got === undefined) return 'refused';
    const reason = oracleReason(type, registry, json);
    return isWrittenAcceptance(reason) ? 'accepted' : `accepts, the oracle refuses: ${reason}`;
  }
  if (got === undefined) {
    const reason = refusal(() => codecs[0]?.forMessage(type).fromJson(json))?.message ?? '';
    return isWrittenRefusal(reason) ? 'refused' : `${reason}: the oracle accepts`;
  }
  const meaning = (bytes: Uint8Array) => toJson(type, fromBinary(type, bytes), { registry });
  const different = difference(meaning(want), meaning(Buffer.from(got, 'hex')), 'meaning');
  return different === undefined || isWrittenMeaning(json, different) ? 'accepted' : different;
}

function oracleReason(type: DescMessage, registry: FileRegistry, json: string): string {
  try {
    toBinary(type, fromJsonString(type, json, { registry }));
    return '';
  } catch (error) {
    return String(error);
  }
}
