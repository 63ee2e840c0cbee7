import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { type DescField, ScalarType } from '@bufbuild/protobuf';
import { defaultText, lengthDelimitedText, noUtf8, topScalarText } from './scalar-field.js';

/** Up to here a string or bytes are their own key, in bytes of the message. A service may send 4 MiB of it, and whoever tells messages apart keeps each key. */
const LONGEST_BYTES = 48;

/**
 * What tells the values of a scalar or an enum at the top of a message apart: two messages have the same key when `scalarField` has the same text for
 * both. At most 65 characters: a longer string, or bytes, are known by their SHA-256. A field that is not there has the key of its default. Throws as `scalarField` does.
 */
export function scalarKey(wire: Uint8Array, field: DescField): string {
  return topScalarText(wire, field, keyText) ?? defaultKey(field);
}

/** The key of a field that is not there. */
function defaultKey(field: DescField): string {
  const text = defaultText(field);
  if (field.fieldKind !== 'scalar') return text;
  switch (field.scalar) {
    case ScalarType.STRING:
      return keyText(Buffer.from(text), field.scalar, field);
    case ScalarType.BYTES:
      return keyText(Buffer.from(text, 'base64'), field.scalar, field);
    default:
      return text;
  }
}

function keyText(value: Uint8Array, scalar: ScalarType, field: DescField): string {
  if (value.length <= LONGEST_BYTES) return lengthDelimitedText(value, scalar, field);
  if (scalar === ScalarType.STRING && !isUtf8(value)) throw noUtf8(field);
  // No text of a short value is as long: 48 bytes are 64 characters in base64.
  return `#${createHash('sha256').update(value).digest('hex')}`;
}
