import type { Test } from 'tap';
import { SignedTokens, TokenCheck } from '../../gateway/security/token/index.js';

/** The time by which tokens are checked and signed in gateways that are opened from now on: it stands still until the test moves it. */
export interface TokenTime {
  pass(ms: number): void;
  /** In seconds since the epoch. */
  readonly now: number;
}

/** Hands its own clocks to what checks and signs tokens until the test is over. Everything else of a gateway goes by the real ones. */
export function tokenTime(t: Test): TokenTime {
  const begun = Date.now();
  let passed = 0;
  const clocks = { now: () => begun + passed, elapsed: () => passed };
  const { open: check } = TokenCheck;
  const { open: sign } = SignedTokens;
  TokenCheck.open = (settings, tools) => check.call(TokenCheck, settings, { ...tools, ...clocks });
  SignedTokens.open = (settings, tools) => sign.call(SignedTokens, settings, { ...tools, ...clocks });
  t.teardown(() => {
    TokenCheck.open = check;
    SignedTokens.open = sign;
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
