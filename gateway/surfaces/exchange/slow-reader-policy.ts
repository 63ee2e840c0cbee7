import type { SlowReader } from '../../bridge/index.js';
import { scalarKey } from '../../codec/index.js';
import type { Method } from '../../schema/index.js';
import type { Limits } from './limits.js';
import type { Surface } from './surface.js';

/**
 * What an exchange does with a slow reader, by the rule of its method; `undefined` when the service waits. Where
 * messages may not be dropped the service waits as well: a file with a hole in it, and no place to say so, is a broken file.
 */
export function slowReaderOf(
  { slowReader: rule }: Method,
  { mayDrop }: Surface,
  { slowReaderBytes: maxBytes }: Limits,
): SlowReader | undefined {
  switch (rule.policy) {
    case 'pause':
      return undefined;
    case 'disconnect':
      return rule;
    case 'drop-oldest':
      return mayDrop ? { ...rule, maxBytes } : undefined;
    case 'conflate': {
      if (!mayDrop) return undefined;
      const { policy, key, maxMessages } = rule;
      return { policy, maxMessages, maxBytes, keyOf: (message) => scalarKey(message, key) };
    }
  }
}
