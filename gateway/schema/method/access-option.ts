import type { DescMethod, Registry } from '@bufbuild/protobuf';
import { type AccessRule, AUTHENTICATED, PUBLIC } from './access-rule.js';
import { optionOfMethod } from './option-of-method.js';

interface AccessOption {
  readonly level: number;
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
}

/** sluice.v1.AccessRule.Level by number. */
const LEVELS: readonly (AccessRule | undefined)[] = [AUTHENTICATED, PUBLIC, AUTHENTICATED];

/**
 * Who may call a method, from `(sluice.v1.access)`. A rule that contradicts itself, or has a level that is unknown here, is told to `report` and asks for
 * more rather than for less: only somebody who is known may call then.
 */
export function accessFromMethod(
  method: DescMethod,
  foreign: Registry,
  report: (problem: string) => void,
): AccessRule | undefined {
  const rule = optionOfMethod<AccessOption>(method, 'sluice.v1.access', foreign, report);
  if (rule === undefined) return undefined;
  const { level, scopes, roles } = rule;
  const known = LEVELS[level];
  if (known === undefined)
    report(`(sluice.v1.access): level: ${level} is unknown here; only who is known may call`);
  const asks = scopes.length > 0 || roles.length > 0;
  if (known?.public === true && !asks) return PUBLIC;
  if (known?.public === true)
    report('(sluice.v1.access): PUBLIC beside scopes or roles; only who has these may call');
  return { public: false, scopes, roles };
}
