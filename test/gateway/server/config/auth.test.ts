import t from 'tap';
import {
  configuredSchema,
  type GatewayConfig,
  parseConfig,
} from '../../../../gateway/server/config/index.js';
import { schemaFromText } from '../../schema/schema-from-text.js';

const ISSUER = 'issuer: "https://id.example.com", audience: [a]';
const KEYS = 'keys: { jwksUrl: "https://id.example.com/jwks" }';

const issuer = (text: string) => `auth: { issuers: [{ ${text} }] }`;

t.test('what is wrong with auth is named with its place', async (t) => {
  const cases: [text: string, problem: RegExp][] = [
    [issuer(`issuer: x, ${KEYS}`), /auth\.issuers\.0\.audience must be a list of names/],
    [issuer(`issuer: x, audience: [], ${KEYS}`), /auth\.issuers\.0\.audience must be a list of names/],
    [issuer(`issuer: x, audience: sluice, ${KEYS}`), /auth\.issuers\.0\.audience must be a list of names/],
    [issuer(`audience: [a], ${KEYS}`), /auth\.issuers\.0\.issuer must be exactly what tokens have/],
    ['auth: { cookie: { name: token } }', /auth\.cookie needs auth\.issuers/],
    ['auth: { issuers: [], ticket: { ttlMs: 5000 } }', /auth\.ticket needs auth\.issuers/],
    [issuer(ISSUER), /auth\.issuers\.0\.keys must be a map with jwksUrl, discovery, file/],
    [issuer(`${ISSUER}, keys: {}`), /auth\.issuers\.0\.keys must have one of jwksUrl, discovery and file/],
    [issuer(`${ISSUER}, keys: { discovery: true, file: a }`), /must have one of jwksUrl/],
    [issuer(`${ISSUER}, keys: { discovery: false }`), /discovery must be true, or left out/],
    [issuer(`${ISSUER}, keys: { jwksUrl: "http://id.example.com/jwks" }`), /jwksUrl must begin with https/],
    [issuer(`${ISSUER}, keys: { jwksUrl: "http://127.0.0.1.evil.com/" }`), /jwksUrl must begin with https/],
    [issuer(`${ISSUER}, keys: { jwksUrl: "file:///etc/passwd" }`), /jwksUrl must begin with https/],
    [issuer(`${ISSUER}, keys: { jwksUrl: "https://u:p@id.example.com/" }`), /jwksUrl must not have a user/],
    [issuer(`${ISSUER}, keys: { jwksUrl: nope }`), /jwksUrl is not a URL/],
    [issuer('issuer: me, audience: [a], keys: { discovery: true }'), /auth\.issuers\.0\.issuer is not a URL/],
    [issuer(`${ISSUER}, ${KEYS}, algorithms: [none]`), /algorithms\.0 must be a list of RS256/],
    [issuer(`${ISSUER}, ${KEYS}, algorithms: []`), /algorithms must be a list of RS256/],
    [issuer(`${ISSUER}, ${KEYS}, algorithms: [HS256]`), /algorithms must not have HS\* unless keys\.file/],
    [issuer(`${ISSUER}, keys: { file: k }, algorithms: [HS256, RS256]`), /algorithms must not mix HS\*/],
    [
      issuer(`${ISSUER}, ${KEYS}, clockToleranceSeconds: 301`),
      /clockToleranceSeconds must be a whole number of seconds from 0 to 300/,
    ],
    [issuer(`${ISSUER}, ${KEYS}, audiense: a`), /audiense is unknown, did you mean audience\?/],
    [
      `auth: { issuers: [{ ${ISSUER}, ${KEYS} }, { ${ISSUER}, ${KEYS} }] }`,
      /auth\.issuers\.1\.issuer is there twice/,
    ],
    ['auth: { issuers: {} }', /auth\.issuers must be a list of issuers/],
    ['auth: { default: open }', /auth\.default must be authenticated or public/],
    ['auth: { documents: yes please }', /auth\.documents must be authenticated or public/],
    ['auth: { scopesClaim: "" }', /auth\.scopesClaim must be the name of a claim/],
    ['auth: { forward: { sub: X-User } }', /auth\.forward\.sub must be in lower case/],
    ['auth: { forward: { sub: authorization } }', /auth\.forward\.sub is where the token itself travels/],
    ['auth: { forward: { sub: grpc-user } }', /auth\.forward\.sub cannot be metadata/],
    ['auth: { forward: { sub: x-request-id } }', /auth\.forward\.sub is set by the gateway already/],
    ['auth: { forward: { sub: x-forwarded-for } }', /auth\.forward\.sub is set by the gateway already/],
    ['auth: { forward: { sub: "a b" } }', /auth\.forward\.sub cannot be metadata/],
    [
      'auth: { forward: { sub: x-user, name: x_user } }',
      /auth\.forward\.name is forwarded under the name of sub/,
    ],
    ['auth: { forwardToken: maybe }', /auth\.forwardToken must be true or false/],
    ['auth: { isuers: [] }', /auth\.isuers is unknown, did you mean issuers\?/],
    [
      'methods: { a.B/C: { access: [a] } }',
      /methods\."a\.B\/C"\.access must be public, authenticated, or a map/,
    ],
    ['methods: { a.B/C: { access: everybody } }', /access must be public, authenticated, or a map/],
    ['methods: { a.B/C: { access: {} } }', /access\b.* must have scopes or roles/],
    ['methods: { a.B/C: { access: { scopes: [] } } }', /scopes must be a list of words/],
    ['methods: { a.B/C: { access: { scopes: [a b] } } }', /scopes\.0 must be a list of words/],
    ['methods: { a.B/C: { access: { scope: [a] } } }', /must have scopes or roles/],
  ];
  for (const [text, problem] of cases) {
    const reason = await parseConfig(text, 'g.yaml').then(
      () => new Error('it was taken'),
      (error: Error) => error,
    );
    t.match(reason.message, problem, text);
    t.match(reason.message, /^g\.yaml:1:\d+: /, text);
  }
});

t.test('what is right is taken as it is', async (t) => {
  const texts = [
    issuer(`${ISSUER}, ${KEYS}`),
    issuer(`${ISSUER}, keys: { discovery: true }, algorithms: [PS256, Ed25519], clockToleranceSeconds: 0`),
    issuer('issuer: me, audience: [a], keys: { file: k.json }, algorithms: [HS256, HS512]'),
    issuer('issuer: "http://[::1]:80", audience: [a], keys: { discovery: true }'),
    issuer(`${ISSUER}, keys: { jwksUrl: "http://localhost:1/jwks" }`),
    'auth: { default: public, documents: public, forward: { sub: x-user, a.b: x-b-bin }, forwardToken: false }',
    'methods: { a.B/*: { access: { roles: [a] } }, a.B/C: { access: public } }',
  ];
  for (const text of texts) t.ok(await parseConfig(text, 'g.yaml'), text);
});

const TEXT = `
  message Q { string id = 1; }
  service Shop {
    rpc Look(Q) returns (Q) { option (sluice.v1.access) = { level: PUBLIC }; }
    rpc Buy(Q) returns (Q) { option (sluice.v1.access) = { scopes: ["buy"] roles: ["a", "b"] }; }
    rpc Odd(Q) returns (Q) { option (sluice.v1.access) = { level: PUBLIC scopes: ["x"] }; }
    rpc Empty(Q) returns (Q) { option (sluice.v1.access) = {}; }
    rpc Plain(Q) returns (Q);
  }
`;

const CLOSED = { public: false, scopes: [], roles: [] };

async function configure(t: Parameters<typeof schemaFromText>[0], config: GatewayConfig, text = TEXT) {
  const warnings: string[] = [];
  const given = await schemaFromText(t, text);
  const schema = configuredSchema(given, config, (problem) => warnings.push(problem));
  const access = (name: string) => schema.methods.get(`/t.Shop/${name}`)?.access;
  return { given, warnings, access };
}

t.test('the file wins over the proto, and the exact name over the service', async (t) => {
  const { given, access } = await configure(t, {});
  t.match(access('Look'), { public: true });
  t.same(access('Buy'), { public: false, scopes: ['buy'], roles: ['a', 'b'] });
  t.same(access('Odd'), { public: false, scopes: ['x'], roles: [] }, 'it asks for more rather than for less');
  t.match(String(given.problems[0]), /PUBLIC beside scopes or roles/);
  t.same(access('Empty'), CLOSED);
  t.equal(access('Plain'), undefined);
  const auth = { issuers: [{ issuer: 'i', audience: ['a'], keys: { file: 'f' } }] } as const;
  const both = await configure(t, {
    auth: auth as never,
    methods: {
      't.Shop/*': { access: { scopes: ['all'] } },
      't.Shop/Buy': { access: 'public' },
      't.Shop/Plain': { slowReader: { policy: 'pause' } },
    },
  });
  t.same(both.warnings, []);
  t.match(both.access('Buy'), { public: true });
  for (const name of ['Look', 'Plain'])
    t.same(both.access(name), { public: false, scopes: ['all'], roles: [] });
});

t.test('a configuration that lets everybody in, or nobody, says so', async (t) => {
  const plain = 'message Q {} service Shop { rpc A(Q) returns (Q); rpc B(Q) returns (Q); }';
  const issuers = [{ issuer: 'i', audience: ['a'], keys: { file: 'f' } }] as never;
  const warningsOf = async (config: GatewayConfig, text = plain) =>
    (await configure(t, config, text)).warnings;
  t.same(await warningsOf({}), []);
  t.match(await warningsOf({}, TEXT), [/3 methods have a rule .* everybody may call them/]);
  t.same(await warningsOf({ auth: { issuers } }), []);
  t.match(await warningsOf({ auth: { issuers, default: 'public' } }), [/every method is public/]);
  t.match(await warningsOf({ auth: { default: 'authenticated' } }), [
    /no client can be known: 2 of 2 methods/,
  ]);
  t.match(await warningsOf({ methods: { 't.Shop/A': { access: 'authenticated' } } }), [
    /1 of 2 methods refuse/,
  ]);
  t.match(await warningsOf({ auth: { issuers }, methods: { 't.Shop/Aa': { access: 'public' } } }), [
    /the schema has no such method, did you mean t\.Shop\/A\?/,
  ]);
});
