import type { SlowReader } from '../../bridge/index.js';
import { defaultText, scalarField } from '../../codec/index.js';
import type { Method } from '../../schema/index.js';
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
      // Absent and the default are one key.
      const absent = defaultText(key);
      return { policy, maxMessages, maxBytes, keyOf: (message) => scalarField(message, key) ?? absent };
    }
  }
}
