import type { Test } from 'tap';
import { TokenCheck } from '../../gateway/security/token/index.js';

/** The time by which tokens and their keys are checked in gateways that are opened from now on: it stands still until the test moves it. */
export interface TokenTime {
  pass(ms: number): void;
  /** In seconds since the epoch. */
  readonly now: number;
}

/** Hands its own clocks to the check of tokens until the test is over. Everything else of a gateway goes by the real ones. */
export function tokenTime(t: Test): TokenTime {
  const { open } = TokenCheck;
  const begun = Date.now();
  let passed = 0;
  TokenCheck.open = (settings, tools) =>
    open.call(TokenCheck, settings, { ...tools, now: () => begun + passed, elapsed: () => passed });
  t.teardown(() => {
    TokenCheck.open = open;
  });
  return {
    pass(ms) {
      passed += ms;
    },
    get now() {
      return Math.floor((begun + passed) / 1_000);
    },
  };
}
