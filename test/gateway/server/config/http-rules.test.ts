import t from 'tap';
import { ConfigError, parseConfig } from '../../../../gateway/index.js';

t.test('rules are read as a service configuration spells them, and as JSON does', async (t) => {
  const wanted = {
    http: {
      rules: [
        {
          selector: 'pkg.Books.Get',
          get: '/v1/{name=books/*}',
          responseBody: 'book',
          additionalBindings: [{ custom: { kind: 'PURGE', path: '/x' } }, { post: '/y', body: '*' }],
        },
        { selector: 'pkg.Books.*, other.Service.Method' },
      ],
    },
  };
  const yaml = `
http:
  rules:
    - selector: pkg.Books.Get
      get: /v1/{name=books/*}
      response_body: book
      additional_bindings:
        - custom: { kind: PURGE, path: /x }
        - post: /y
          body: "*"
    - selector: pkg.Books.*, other.Service.Method
`;
  t.same(await parseConfig(yaml, 'g.yaml'), wanted);
  t.same(await parseConfig(JSON.stringify(wanted), 'g.json'), wanted);
  const whole = `type: google.api.Service\nconfig_version: 3\nname: books.example.com\napis: [{ name: pkg.Books }]${yaml}  fully_decode_reserved_expansion: true\n`;
  t.same(await parseConfig(whole, 's.yaml'), wanted, 'a whole service configuration');
  await t.rejects(parseConfig(whole.replace('google.api.Service', 'other'), 's.yaml'), {
    message: /^s\.yaml:1:1: type is unknown; allowed here: limits, methods, http/,
  });
  t.same(await parseConfig('http: {}', 'g'), { http: { rules: undefined } });
});

t.test('what is wrong with a rule by itself stops the start, with its place', async (t) => {
  const rule = (text: string) => `http:\n  rules:\n    - { selector: a.B.C, get: /x }\n    - ${text}\n`;
  const cases: [text: string, message: RegExp][] = [
    ['http: 5', /^g\.yaml:1:1: http must be a map with rules, /],
    ['http: { rules: {} }', /^g\.yaml:1:9: http\.rules must be a list of rules$/],
    [rule('5'), /^g\.yaml:4:7: http\.rules\.1 must be a map/],
    [rule('{ get: /y }'), /^g\.yaml:4:7: http\.rules\.1\.selector must be the full name of a method/],
    [
      rule('{ selector: a.B/C, get: /y }'),
      /^g\.yaml:4:9: http\.rules\.1\.selector has no method of the name "a\.B\/C": write pkg\.Service\.Method, as a\.B\.C;/,
    ],
    [rule('{ selector: "a.b*", get: /y }'), /only the last part may be "\*"/],
    [rule('{ selector: "a.*.C", get: /y }'), /only the last part may be "\*"/],
    [rule('{ selector: "", get: /y }'), /selector has no method of the name ""/],
    [rule('{ selector: "a.B.C,", get: /y }'), /selector has no method of the name ""/],
    [
      rule('{ selector: a.B.C, gett: /y }'),
      /^g\.yaml:4:26: http\.rules\.1\.gett is unknown, did you mean get\?/,
    ],
    [rule('{ selector: a.B.C, body: "*" }'), /^g\.yaml:4:7: http\.rules\.1 needs a path: one of get, put/],
    [
      rule('{ selector: a.B.C, get: /y, post: /y }'),
      /^g\.yaml:4:35: http\.rules\.1\.post stands beside get: a second path belongs into additional_bindings$/,
    ],
    [rule('{ selector: a.B.C, get: /y, body: "*" }'), /http\.rules\.1\.get is wrong: GET has no body/],
    [rule('{ selector: a.B.C, get: y }'), /http\.rules\.1\.get is wrong: a path template begins with "\/"/],
    [rule('{ selector: a.B.C, get: "/{a" }'), /http\.rules\.1\.get is wrong: a "\{" has no "\}"/],
    [rule('{ selector: a.B.C, custom: { kind: PURGE } }'), /http\.rules\.1\.custom\.path must be a path/],
    [
      rule('{ selector: a.B.C, custom: { kind: NOPE, path: /y } }'),
      /http\.rules\.1\.custom is wrong: "NOPE" is no HTTP method/,
    ],
    [rule('{ selector: a.B.C, get: 5 }'), /^g\.yaml:4:26: http\.rules\.1\.get must be a path/],
    [
      rule('{ selector: a.B.C, get: /y, response_body: a, responseBody: a }'),
      /http\.rules\.1\.response_body is the same as responseBody: leave one of them out/,
    ],
    [
      rule('{ selector: a.B.C, get: /y, additional_bindings: [{ get: /a }, { get: a }] }'),
      /^g\.yaml:4:72: http\.rules\.1\.additional_bindings\.1\.get is wrong: a path template begins/,
    ],
    [
      rule('{ selector: a.B.C, get: /y, additional_bindings: [{ selector: a.B.C, get: /a }] }'),
      /additional_bindings\.0\.selector is unknown/,
    ],
    [
      rule('{ selector: a.B.C, get: /y, additional_bindings: [{ get: /a, additional_bindings: [] }] }'),
      /additional_bindings\.0\.additional_bindings is unknown/,
    ],
    [rule('{ selector: a.B.C, get: /y, additional_bindings: [{}] }'), /additional_bindings\.0 needs a path/],
  ];
  for (const [text, message] of cases) {
    const problem = await parseConfig(text, 'g.yaml').then(
      (config) => t.fail(`took ${text} as ${JSON.stringify(config)}`),
      (reason: unknown) => reason,
    );
    t.ok(problem instanceof ConfigError, text);
    t.match((problem as Error).message, message, text);
    t.notMatch((problem as Error).message, /\n/, 'one line');
  }
});
