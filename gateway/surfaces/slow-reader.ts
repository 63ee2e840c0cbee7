import { type DescField, ScalarType } from '@bufbuild/protobuf';
import type { SlowReader } from '../bridge/index.js';
import { scalarField } from '../codec/index.js';
import type { Method } from '../schema/index.js';
import type { Limits } from './limits.js';

/**
 * What an exchange does with a slow reader, by the rule of its method; `undefined` when the service waits. A body of bytes always
 * waits, or is cut: a file with a hole in it, and no place to say so, is a broken file.
 */
export function slowReaderOf(
  { slowReader: rule }: Method,
  surface: string,
  { slowReaderBytes: maxBytes }: Limits,
): SlowReader | undefined {
  switch (rule.policy) {
    case 'pause':
      return undefined;
    case 'disconnect':
      return rule;
    case 'drop-oldest':
      return surface === 'bytes' ? undefined : { ...rule, maxBytes };
    case 'conflate': {
      if (surface === 'bytes') return undefined;
      const { policy, key, maxMessages } = rule;
      const absent = defaultText(key);
      return { policy, maxMessages, maxBytes, keyOf: (message) => scalarField(message, key) ?? absent };
    }
  }
}

/** The text of a field that is not there though it could have been: absent and the default are one key. */
function defaultText(field: DescField): string {
  if (field.fieldKind === 'enum') {
    const value = field.getDefaultValue() ?? field.enum.values[0]?.number ?? 0;
    return field.enum.value[value]?.name ?? String(value);
  }
  const value = field.fieldKind === 'scalar' ? field.getDefaultValue() : undefined;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value !== undefined) return String(value);
  if (field.fieldKind !== 'scalar') return '';
  switch (field.scalar) {
    case ScalarType.BOOL:
      return 'false';
    case ScalarType.STRING:
    case ScalarType.BYTES:
      return '';
    default:
      return '0';
  }
}
