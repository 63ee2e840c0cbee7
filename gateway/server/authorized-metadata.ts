import { likeness } from '../security/index.js';
import type { Metadata } from '../status/index.js';
import { HeaderRules } from '../surfaces/index.js';
import { faultOfPair } from '../upstream/index.js';

/** A header that an authorization service names. */
interface Named {
  readonly name: string;
  readonly value: string;
  readonly action: 'set' | 'append' | 'add-if-absent' | 'overwrite-if-exists';
}

const OWN = new HeaderRules();

/**
 * Metadata as an authorization service wants it: without the names of `remove`, and with those of `set`, which are left out of what the client said first, as are
 * names that a service may take for them. What can be no metadata, or is the gateway's to say, is left as it is and told to `onLeftOut`.
 */
export function authorizedMetadata(
  given: Metadata,
  set: readonly Named[],
  remove: readonly string[],
  onLeftOut: (name: string, problem: string) => void,
): Metadata {
  const away = new Set(remove.filter((name) => faultOf(name, '') === undefined).map(likeness));
  const added: [string, string][] = [];
  const has = (name: string) =>
    given.some(([one]) => likeness(one) === likeness(name) && !away.has(likeness(name)));
  for (const { name, value, action } of set) {
    const fault = faultOf(name, value);
    if (fault !== undefined) {
      onLeftOut(name, fault);
      continue;
    }
    if (action === 'add-if-absent' && has(name)) continue;
    if (action === 'overwrite-if-exists' && !has(name)) continue;
    if (action !== 'append') away.add(likeness(name));
    added.push([name, value.trim()]);
  }
  if (away.size === 0 && added.length === 0) return given;
  return [...given.filter(([name]) => !away.has(likeness(name))), ...added];
}

function faultOf(name: string, value: string): string | undefined {
  const fault = faultOfPair(name, value);
  if (fault !== undefined) return fault;
  return name === 'x-request-id' ? `metadata "${name}" is set by the gateway` : OWN.faultOfOwn(name);
}
