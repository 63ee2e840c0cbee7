import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';
import type { FieldDraft } from './draft.js';
import { scalarFromOption } from './option-scalar.js';
import type { ProtoOptionValue } from './option-value.js';
import { cEscape } from './string-escape.js';
import type { TokenReader } from './token-reader.js';

/** The text of `default_value` in a descriptor. Source: FieldDescriptorProto.default_value in descriptor.proto. */
export function protoDefaultText(field: FieldDraft, value: ProtoOptionValue, reader: TokenReader): string {
  const { type } = field;
  if (field.label === Label.REPEATED || type === Type.MESSAGE || type === Type.GROUP) {
    return reader.fail(`the field ${field.name} cannot have a default`, value.at);
  }
  if (type === Type.ENUM) {
    if (value.kind === 'word' && !value.negative) return value.text;
    return reader.fail('the default of an enum is the name of a value', value.at);
  }
  const scalar = scalarFromOption(type as number, value, (problem) => reader.fail(problem, value.at));
  if (scalar instanceof Uint8Array) return cEscape(scalar);
  if (typeof scalar !== 'number') return String(scalar);
  if (Number.isNaN(scalar)) return 'nan';
  if (!Number.isFinite(scalar)) return scalar > 0 ? 'inf' : '-inf';
  if (Object.is(scalar, -0)) return '-0';
  return type === Type.FLOAT ? floatText(scalar, 6, 9) : floatText(scalar, 15, 17);
}

/** The shortest of the two precisions that reads back as the same number, in the notation of C's %g. */
function floatText(value: number, short: number, long: number): string {
  const same = (text: string) =>
    long === 9 ? Math.fround(Number(text)) === Math.fround(value) : Number(text) === value;
  const precision = same(value.toExponential(short - 1)) ? short : long;
  const [digits = '', exponentText = '0'] = value.toExponential(precision - 1).split('e');
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < precision)
    return trim(value.toFixed(Math.max(0, precision - 1 - exponent)));
  const size = String(Math.abs(exponent)).padStart(2, '0');
  return `${trim(digits)}e${exponent < 0 ? '-' : '+'}${size}`;
}

/** Without the zeros at the end of a fraction. */
function trim(text: string): string {
  if (!text.includes('.')) return text;
  let end = text.length;
  while (text[end - 1] === '0') end -= 1;
  return text.slice(0, text[end - 1] === '.' ? end - 1 : end);
}
