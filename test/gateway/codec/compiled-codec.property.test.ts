import {
  type DescMessage,
  type FileRegistry,
  fromBinary,
  fromJson,
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
import { writeWithin } from './write-within.js';

/** More cases: SLUICE_CODEC_CASES=200000. The same cases again: SLUICE_CODEC_SEED=..., as printed. */
const cases = Number(process.env.SLUICE_CODEC_CASES ?? 2000);
const firstSeed = Number(process.env.SLUICE_CODEC_SEED ?? Date.now() % 1_000_000_000);
const MESSAGES_A_TYPE = 6;
/** A field alone that is not there. */
const ABSENT = /^(?:\[\]|\{\}|null|false|0|"0"|""|"[A-Za-z_]\w*")$/;

t.setTimeout(60_000 + cases * 10);

interface Case {
  readonly name: string;
  readonly random: Random;
  readonly type: DescMessage;
  readonly registry: FileRegistry;
  readonly codecs: readonly Codec[];
  readonly wire: Buffer;
}

function* randomCases(): Generator<Case> {
  let count = 0;
  for (let seed = firstSeed; count < cases; seed += 1) {
    const random = new Random(seed);
    const { registry, types } = randomSchema(random);
    const codecs = [
      compiledCodec(registry, { codeGeneration: false }),
      compiledCodec(registry, { codeGeneration: true }),
    ];
    for (const type of types) {
      for (let index = 0; index < MESSAGES_A_TYPE; index += 1) {
        const wire = randomWire(random, type, registry, { untidy: index % 2 === 1 });
        yield {
          name: `SLUICE_CODEC_SEED=${seed} ${type.typeName} #${index}`,
          random,
          type,
          registry,
          codecs,
          wire,
        };
        count += 1;
      }
    }
  }
}

/** What bytes mean, with floats as they are after the wire. */
function wireJson({ type, registry }: Case, wire: Uint8Array): JsonValue {
  return toJson(type, fromBinary(type, wire), { registry });
}

function print(codec: Codec, type: DescMessage, wire: Uint8Array): string {
  const out = new ByteWriter();
  writeWithin(codec.forMessage(type), wire, out);
  return out.take().toString();
}

/** The oracle's JSON, with -0 where it is; undefined when it refuses the bytes. */
function oracleJson({ type, registry, wire }: Case): JsonValue | undefined {
  try {
    return toJson(type, fromBinary(type, wire), { registry });
  } catch {
    return undefined;
  }
}

t.test(
  'random messages of random types have the JSON of the oracle, and come back from every spelling of it',
  async (t) => {
    t.comment(`SLUICE_CODEC_SEED=${firstSeed} SLUICE_CODEC_CASES=${cases}`);
    let accepted = 0;
    let total = 0;
    let failure = '';
    for (const item of randomCases()) {
      total += 1;
      const result = check(item);
      if (result === 'accepted') accepted += 1;
      else if (result !== 'refused') {
        failure = `${item.name}: ${result}\nwire: ${item.wire.toString('hex')}`;
        break;
      }
    }
    t.equal(ascii(failure), '');
    t.ok(accepted > total / 2, `${accepted} of ${total} messages were valid`);
  },
);

/** 'accepted', 'refused' (by the oracle too), or what is wrong. */
function check(item: Case): string {
  const { type, registry, wire, codecs, random } = item;
  const want = oracleJson(item);
  for (const codec of codecs) {
    if (want === undefined) {
      if (refusal(() => print(codec, type, wire)) === undefined)
        return `prints ${print(codec, type, wire)}, the oracle refuses`;
      continue;
    }
    let text: string;
    try {
      text = print(codec, type, wire);
    } catch (error) {
      return `${error}, the oracle has ${JSON.stringify(want)}`;
    }
    const different = difference(want, JSON.parse(text), 'text');
    if (different !== undefined) return `${different}: printed ${text}`;
    const meaning = wireJson(item, toBinary(type, fromJson(type, want, { registry })));
    const printedMeaning = wireJson(item, toBinary(type, fromJsonString(type, text, { registry })));
    const printed = difference(meaning, printedMeaning, 'meaning');
    if (printed !== undefined) return `${printed}: another meaning of ${text}`;
    const alone = checkFields(item, codec, JSON.parse(text) as Record<string, JsonValue>, meaning);
    if (alone !== undefined) return alone;
    const spelled = respell(random, type, want, registry);
    let back: Uint8Array;
    try {
      back = codec.forMessage(type).fromJson(spelled);
    } catch (error) {
      return `${error}: ${spelled}`;
    }
    const again = wireJson(item, back);
    const changed = difference(meaning, again, 'meaning');
    if (changed !== undefined) return `${changed}: ${spelled} is read as ${JSON.stringify(again)}`;
  }
  return want === undefined ? 'refused' : 'accepted';
}

/** Each field alone is what it is within the message, in both directions, and all of them together are the message. */
function checkFields(
  item: Case,
  codec: Codec,
  whole: Record<string, JsonValue>,
  meaning: JsonValue,
): string | undefined {
  const { type, wire } = item;
  const parts: Uint8Array[] = [];
  for (const field of type.fields) {
    const alone = codec.forField(type, field);
    const out = new ByteWriter();
    writeWithin(alone, wire, out);
    const text = out.take().toString();
    const value = Object.hasOwn(whole, field.jsonName) ? whole[field.jsonName] : undefined;
    const different =
      value === undefined
        ? ABSENT.test(text)
          ? undefined
          : `absent, but ${text}`
        : difference(value, JSON.parse(text), 'meaning');
    if (different !== undefined) return `${field.name} alone: ${different}`;
    if (value === undefined) continue;
    parts.push(alone.fromJson(text));
  }
  if (Object.keys(whole).some((name) => name.startsWith('['))) return undefined;
  const changed = difference(meaning, wireJson(item, Buffer.concat(parts)), 'meaning');
  return changed === undefined ? undefined : `the fields together: ${changed}`;
}
