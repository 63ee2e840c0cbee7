import t from 'tap';
import { ANONYMOUS, createPrincipal, ForwardedClaims } from '../../../../gateway/security/index.js';

const signedIn = (claims: Record<string, unknown>) =>
  createPrincipal({
    issuer: 'i',
    subject: 's',
    tenant: undefined,
    scopes: [],
    roles: [],
    expiresAt: undefined,
    claims,
  });

t.test('what a client says under a name that is ours never travels', async (t) => {
  const forward = new ForwardedClaims({ sub: 'x-user-id' });
  const given: [string, string][] = [
    ['x-user-id', 'evil'],
    ['x_user_id', 'evil'],
    ['x.user-id', 'evil'],
    ['x-user-id-bin', 'ZXZpbA=='],
    ['x-user', 'kept'],
    ['x-user-id2', 'kept'],
  ];
  t.same(forward.tell(given, ANONYMOUS), given.slice(4));
  t.same(forward.tell(given, signedIn({ sub: 'me' })), [...given.slice(4), ['x-user-id', 'me']]);
  t.same(forward.tell(given, signedIn({})), given.slice(4), 'also where there is no such claim');
  const untouched = given.slice(4);
  t.equal(forward.tell(untouched, ANONYMOUS), untouched);
});

t.test('a claim that cannot be said safely is left out, and that is told', async (t) => {
  const told: string[] = [];
  const names = { a: 'x-a', b: 'x-b-bin' };
  const forward = new ForwardedClaims(names, (claim) => told.push(claim));
  const values = (a: unknown) => forward.tell([], signedIn({ a }));
  t.same(values('plain text'), [['x-a', 'plain text']]);
  t.same(values(12), [['x-a', '12']]);
  t.same(values(false), [['x-a', 'false']]);
  t.same(values(['r', 's,t']), [['x-a', '["r","s,t"]']]);
  t.same(values({ b: 1 }), [['x-a', '{"b":1}']]);
  for (const none of [undefined, null, '']) t.same(values(none), []);
  t.same(told, []);
  const unsafe = [
    'Łukasz',
    'a\r\nx-role: admin',
    'a\0',
    ' a',
    'a ',
    'a\tb',
    '\x7f',
    'x'.repeat(2_049),
    ['ä'],
  ];
  for (const each of unsafe) t.same(values(each), [], JSON.stringify(each));
  t.equal(told.length, unsafe.length);
  t.same(forward.tell([], signedIn({ b: 'Łukasz\r\n' })), [
    ['x-b-bin', Buffer.from('Łukasz\r\n').toString('base64')],
  ]);
});
