import t from 'tap';
import { credentialOf, Identity } from '../../../../gateway/security/index.js';
import { REASONS, RpcError } from '../../../../gateway/status/index.js';

const of = (...values: string[]) =>
  credentialOf({ rawHeaders: values.flatMap((value) => ['Authorization', value]) });

t.test('a bearer token is the credential of a request', async (t) => {
  t.equal(of(), undefined);
  t.same(of('Bearer abc.def.ghi'), { token: 'abc.def.ghi' });
  t.same(of('bEARER   abc '), { token: 'abc' });
  t.same(credentialOf({ rawHeaders: ['host', 'a', 'authorization', 'Bearer x'] }), { token: 'x' });
});

t.test('what cannot be one is refused in the same words', async (t) => {
  const bad = [
    [''],
    ['Bearer'],
    ['Bearer '],
    ['Basic YTpi'],
    ['abc'],
    ['Bearer a b'],
    ['Bearer a', 'Bearer a'],
    ['Bearer\ta'],
  ];
  const texts = new Set<string>();
  for (const values of bad) {
    t.throws(() => of(...values), RpcError, JSON.stringify(values));
    try {
      of(...values);
    } catch (reason) {
      const { message, headers, code } = reason as RpcError;
      t.equal(code, REASONS.CREDENTIAL_INVALID.code);
      texts.add(JSON.stringify([message, headers]));
    }
  }
  t.equal(texts.size, 1);
});

t.test('without rules nobody is asked, and everything travels', async (t) => {
  const identity = new Identity();
  const request = { rawHeaders: ['authorization', 'Basic x', 'authorization', 'y'] };
  t.equal(identity.credentialOf(request), undefined);
  const principal = identity.identify(undefined);
  t.match(principal, { isAnonymous: true, key: '' });
  const metadata = [['authorization', 'Basic x']] as const;
  t.equal(identity.metadata(metadata, await principal, undefined), metadata);
  identity.assertAccess(await principal, { public: false, scopes: ['a'], roles: [] });
});
