import { compiledCodec } from '../../../gateway/codec/index.js';
import { allTypes } from '../codec/all-types.js';
import { messageOf } from '../codec/proto-source.js';
import { type Cost, fill, list, textCosts } from './growth.js';

const zeros = (size: number) => fill('0', size);

/** Numbers as text, of every kind that somebody can make long. */
export const NUMBERS: Readonly<Record<string, (size: number) => string>> = {
  'zeros within': (size) => `1${zeros(size)}1`,
  'zeros behind': (size) => `1${zeros(size)}`,
  'zeros before and behind': (size) => `${zeros(size / 2)}1${zeros(size / 2)}`,
  'groups of zeros': (size) => fill('10', size),
  digits: (size) => fill('9', size),
  'digits and a letter': (size) => `${fill('9', size)}x`,
  'a long exponent': (size) => `1e${fill('9', size)}`,
  'an exponent of zeros': (size) => `1e${zeros(size)}1`,
  'a negative exponent': (size) => `${fill('1', size)}e-${size}`,
  'a fraction of zeros': (size) => `1.${zeros(size)}`,
  'a fraction of zeros and one': (size) => `0.${zeros(size)}1`,
  minus: (size) => fill('-', size),
};

const FIELDS = ['optionalInt32', 'optionalUint64', 'optionalDouble', 'optionalString'];
const ANY = '"@type":"type.googleapis.com/google.protobuf.Any"';
const DEPTH = 40;

const BODIES: Readonly<Record<string, (size: number) => string>> = {
  'open brackets': (size) => fill('[', size),
  'open objects': (size) => fill('{"recursive":', size),
  'open lists of values': (size) => `{"value":${fill('[', size)}`,
  commas: (size) => `{"repeatedInt32":[${fill(',', size)}`,
  'white space': (size) => fill(' \n\t', size),
  'a list of numbers': (size) => `{"repeatedInt32":[${fill('1,', size)}1]}`,
  'a list of large numbers': (size) => `{"repeatedDouble":[${fill('1.00000000000000000001,', size)}1]}`,
  'a list of empty messages': (size) => `{"repeatedNested":[${fill('{},', size)}{}]}`,
  'a map of many keys': (size) => `{"mapStringString":{${list(size, 14, (n) => `"k${n}":""`)}}}`,
  'a map of many numbers': (size) => `{"mapUint64":{${list(size, 24, (n) => `"${n * 131_072}":1`)}}}`,
  'a key twice at the end': (size) => `{"mapStringString":{${list(size, 14, (n) => `"k${n}":""`)},"k1":""}}`,
  'a struct of many keys': (size) => `{"struct":{${list(size, 16, (n) => `"k${n}":null`)}}}`,
  'unknown keys': (size) => `{${list(size, 12, (n) => `"k${n}":1`)}}`,
  'a long key': (size) => `{"${fill('k', size)}":1}`,
  'a key of escapes': (size) => `{"${fill('\\u0066', size)}":1}`,
  'a string of backslashes': (size) => `{"optionalString":"${fill('\\\\', size)}"}`,
  'a string of escapes without end': (size) => `{"optionalString":"${fill('\\"', size)}`,
  'a string of surrogates': (size) => `{"optionalString":"${fill('\\ud83d\\ude00', size)}"}`,
  base64: (size) => `{"optionalBytes":"${fill('AAAA', size)}"}`,
  padding: (size) => `{"optionalBytes":"${fill('=', size)}"}`,
  'base64 with a wrong end': (size) => `{"optionalBytes":"${fill('AAAA', size)}!"}`,
  'a long time': (size) => `{"timestamp":"2024-01-01T00:00:00.${zeros(size)}Z"}`,
  'a long duration': (size) => `{"duration":"${fill('9', size)}.${fill('9', size)}s"}`,
  'a field mask of commas': (size) => `{"mask":"${fill(',', size)}"}`,
  'a field mask of capitals': (size) => `{"mask":"${fill('A', size)}"}`,
  'a long name of an enum': (size) => `{"optionalColor":"${fill('RED', size)}"}`,
  'Any in Any, the type last': (size) =>
    `{"any":${fill('{"value":', DEPTH * 9)}{"@type":"type.googleapis.com/c.All","repeatedInt32":[${fill('1,', size)}1]}${`,${ANY}}`.repeat(DEPTH)}}`,
  'Any of many keys': (size) =>
    `{"any":{${list(size, 12, (n) => `"k${n}":1`)},"@type":"type.googleapis.com/c.All"}}`,
  'types in what Any steps over': (size) =>
    `{"any":{"@type":"type.googleapis.com/google.protobuf.Struct","value":{${list(size, 20, (n) => `"k${n}":{"@type":1}`)}}}}`,
};

/** Everything that a JSON body can be made of. */
export function jsonCosts(): Cost[] {
  const codec = compiledCodec(allTypes, { codeGeneration: true }).forMessage(messageOf(allTypes, 'c.All'));
  const parse = (json: string) => codec.fromJson(json);
  const numbers = FIELDS.flatMap((field) => [
    ...textCosts(`JSON, a number for ${field}`, NUMBERS, (text) => parse(`{"${field}":${text}}`)),
    ...textCosts(`JSON, a string for ${field}`, NUMBERS, (text) => parse(`{"${field}":"${text}"}`)),
  ]);
  return [
    ...numbers,
    ...textCosts('JSON, a key of a map', NUMBERS, (text) => parse(`{"mapInt64Int64":{"${text}":1}}`)),
    ...textCosts('JSON', BODIES, parse),
  ];
}
