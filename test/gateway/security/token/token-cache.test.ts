import t from 'tap';
import { ANONYMOUS, credentialRefused } from '../../../../gateway/security/index.js';
import {
  MAX_CACHED_BYTES,
  MAX_CACHED_TOKENS,
  REFUSAL_MS,
  TokenCache,
} from '../../../../gateway/security/token/token-cache.js';

const keys = { version: 1, touch: () => true, find: async () => ({ keys: [], version: 1 }), close: () => {} };

t.test('it holds so many tokens and bytes, and the oldest go first', async (t) => {
  const cache = new TokenCache();
  for (let n = 0; n < 3_000; n += 1) cache.accept(String(n), ANONYMOUS, keys, 1, 10, 16_000);
  t.ok(cache.bytes <= MAX_CACHED_BYTES, String(cache.bytes));
  t.equal(cache.get('0', 0), undefined);
  t.equal(cache.get('2999', 0), ANONYMOUS);
  const many = new TokenCache();
  for (let n = 0; n < MAX_CACHED_TOKENS + 5; n += 1) many.accept(String(n), ANONYMOUS, keys, 1, 10, 10);
  t.equal(many.size, MAX_CACHED_TOKENS);
});

t.test('a flood of refusals is bounded, and drives out no token that was accepted', async (t) => {
  const cache = new TokenCache();
  cache.accept('good', ANONYMOUS, keys, 1, 1_000_000, 10);
  const error = credentialRefused('bad');
  for (let n = 0; n < MAX_CACHED_TOKENS * 2; n += 1) cache.refuse(String(n), error, 0);
  t.ok(cache.size <= MAX_CACHED_TOKENS + 1);
  t.equal(cache.get('good', 0), ANONYMOUS);
  t.throws(() => cache.get(String(MAX_CACHED_TOKENS * 2 - 1), 1), error);
  t.equal(cache.get(String(MAX_CACHED_TOKENS * 2 - 1), REFUSAL_MS), undefined, 'for a moment only');
});

t.test('other keys, or keys that no longer count, make a token unknown', async (t) => {
  const cache = new TokenCache();
  cache.accept('a', ANONYMOUS, { ...keys, version: 2 }, 1, 10, 10);
  t.equal(cache.get('a', 0), undefined);
  cache.accept('b', ANONYMOUS, { ...keys, touch: () => false }, 1, 10, 10);
  t.equal(cache.get('b', 0), undefined);
  t.equal(cache.bytes, 0);
});
