import t from 'tap';
import { claimAt, createPrincipal, refusalOfAccess, wordsOf } from '../../../../gateway/security/index.js';

const named = {
  issuer: 'i',
  subject: 's',
  tenant: undefined,
  scopes: [],
  roles: [],
  expiresAt: undefined,
  claims: {},
};

t.test('a key is of one issuer, subject and tenant', async (t) => {
  const parts: (readonly [string, string, string | undefined])[] = [
    ['a', 'b', undefined],
    ['a', 'b', ''],
    ['a', 'b', '-'],
    ['ab', '', undefined],
    ['', 'ab', undefined],
    ['a1:b', 'c', undefined],
    ['a', '1:bc', undefined],
    ['a', 'b1:c', undefined],
    ['a', 'b', 'c'],
  ];
  const keys = parts.map(
    ([issuer, subject, tenant]) => createPrincipal({ ...named, issuer, subject, tenant }).key,
  );
  t.equal(new Set(keys).size, parts.length);
  t.equal(createPrincipal(named).key, createPrincipal({ ...named, scopes: ['x'] }).key);
});

t.test('access is all of the scopes and one of the roles', async (t) => {
  const principal = createPrincipal({ ...named, scopes: ['a', 'b'], roles: ['r'] });
  const codes = (scopes: string[], roles: string[]) =>
    refusalOfAccess(principal, { public: false, scopes, roles })?.reason ?? 'in';
  t.equal(codes([], []), 'in');
  t.equal(codes(['a', 'b'], ['x', 'r']), 'in');
  t.equal(codes(['a', 'c'], []), 'ACCESS_DENIED');
  t.equal(codes(['a'], ['x']), 'ACCESS_DENIED');
  t.equal(codes([], ['x']), 'ACCESS_DENIED');
});

t.test('a claim is a name first, and a path then', async (t) => {
  const claims = { 'a.b': 1, a: { b: 2, c: { d: ['x'] } }, list: [1], text: 'abc' };
  t.equal(claimAt(claims, 'a.b'), 1);
  t.same(claimAt(claims, 'a.c.d'), ['x']);
  for (const name of [
    'a.d',
    'list.0',
    'list.length',
    'text.length',
    '__proto__',
    'constructor',
    'a.__proto__',
    '',
  ])
    t.equal(claimAt(claims, name), undefined, name);
});

t.test('scopes are words or a list of them', async (t) => {
  t.same(wordsOf(' a  b '), ['a', 'b']);
  t.same(wordsOf(['a b', 1, '', 'c']), ['a b', 'c']);
  for (const none of [undefined, null, 1, {}, { 0: 'a' }]) t.same(wordsOf(none), []);
});
