import t from 'tap';
import { describeSchema, type Schema, schemaFromProtoFiles } from '../../../../gateway/schema/index.js';
import { configuredSchema, type GatewayConfig } from '../../../../gateway/server/config/index.js';
import { schemaFromText } from '../schema-from-text.js';

const TEXT = `
  message Q { string id = 1; Q sub = 2; }
  service A {
    rpc Get(Q) returns (Q) { option (google.api.http) = { get: "/a/{id}" additional_bindings { get: "/a2/{id}" } }; }
    rpc Put(Q) returns (Q) { option (google.api.http) = { put: "/a/{id}" body: "*" }; }
    rpc Plain(Q) returns (Q);
  }
  service B { rpc Get(Q) returns (Q) { option (google.api.http) = { get: "/a/{sub.id}" }; } rpc Watch(Q) returns (stream Q); }
`;

type Rules = NonNullable<GatewayConfig['http']>['rules'];

function withRules(schema: Schema, rules: Rules): Schema {
  return configuredSchema(schema, { http: { rules } }, (problem) => {
    throw new Error(problem);
  });
}

/** Every path of every method: "A.Get GET /a/{id}". */
function paths(schema: Schema): string[] {
  return [...schema.methods.values()].flatMap(({ service, name, bindings }) =>
    bindings.map(
      ({ httpMethod, template }) => `${service.replace('t.', '')}.${name} ${httpMethod} ${template}`,
    ),
  );
}

t.test('a rule takes the place of all paths of its methods; the others keep theirs', async (t) => {
  const given = await schemaFromText(t, TEXT);
  t.same(paths(given), ['A.Get GET /a/{id}', 'A.Get GET /a2/{id}', 'A.Put PUT /a/{id}']);
  const taken =
    /^t\.B\/Get: the http rule "GET \/a\/\{sub\.id\}" is taken by t\.A\/Get: give one of them another path, in its proto or in http\.rules$/;
  t.match(given.problems.map(String), [taken]);
  const schema = withRules(given, [
    { selector: 't.A.Get', get: '/v2/{sub.id}', additionalBindings: [{ post: '/v2:get', body: 'sub' }] },
    { selector: 't.A.Plain', custom: { kind: 'purge', path: '/plain/**' }, responseBody: 'sub' },
  ]);
  t.same(paths(schema), [
    'A.Get GET /v2/{sub.id}',
    'A.Get POST /v2:get',
    'A.Put PUT /a/{id}',
    'A.Plain PURGE /plain/**',
    'B.Get GET /a/{sub.id}',
  ]);
  t.same(schema.problems, [], 'the path that was taken is free');
  t.equal(schema.routes.match('GET', '/a2/x'), undefined);
  t.equal(schema.routes.match('GET', '/a/x')?.method.service, 't.B');
  t.equal(schema.routes.match('PURGE', '/plain/a/b')?.binding?.responseBody?.name, 'sub');
  t.equal(schema.methods.get('/t.A/Get')?.safe, true);
  t.ok(JSON.stringify(describeSchema(schema)).includes('/v2/{sub.id}'));
  t.equal(paths(given).length, 3, 'a schema is never changed');
});

t.test('the last rule that selects a method wins; a selector may end in "*"', async (t) => {
  const given = await schemaFromText(t, TEXT);
  const get = (...rules: [selector: string, path?: string][]) =>
    paths(
      withRules(
        given,
        rules.map(([selector, path]) => ({ selector, ...(path && { get: path }) })),
      ),
    ).filter((line) => line.includes('A.Get'));
  t.same(get(['t.A.Get', '/1'], ['t.A.Get', '/2']), ['A.Get GET /2']);
  t.same(get(['t.A.*'], ['t.A.Get', '/2']), ['A.Get GET /2']);
  t.same(get(['t.A.Get', '/1'], ['t.A.*']), [], 'a rule without a path takes the paths away');
  t.same(get(['t.A.Get', '/1'], ['t.*']), []);
  t.same(get(['t.A.Get', '/1'], ['*']), []);
  t.same(get(['t.A.Get', '/1'], ['t.B.*']), ['A.Get GET /1']);
  t.same(get(['t.B.Watch, t.A.Get', '/1']), ['A.Get GET /1']);
  t.same(get(['t.B.*', '/b'], ['t.A.Put', '/2']), ['A.Get GET /a/{id}', 'A.Get GET /a2/{id}']);
});

t.test('what does not fit the schema is a problem of it, and names the rule', async (t) => {
  const schema = withRules(await schemaFromText(t, TEXT), [
    { selector: 't.A.Gett', get: '/x' },
    { selector: 't.C.*', get: '/x' },
    { selector: 't.A.Put', put: '/put/{nope}', body: '*' },
    { selector: 't.A.Plain', post: '/plain', body: 'nope', additionalBindings: [{ get: '/p' }] },
    { selector: 't.B.Get', get: '/a/{id}' },
    { selector: 't.B.Watch', get: '/p', additionalBindings: [{ get: '/_sluice/x' }] },
  ]);
  t.same(schema.problems.map(String), [
    't.A/Put: http.rules.2: the http rule "PUT /put/{nope}": the variable "nope": t.Q has no field "nope"',
    't.A/Plain: http.rules.3: the http rule "POST /plain": body: t.Q has no field "nope"',
    't.B/Watch: http.rules.5: the http rule "GET /p" is taken by t.A/Plain: give one of them another path, in its proto or in http.rules',
    't.B/Watch: http.rules.5: the http rule "GET /_sluice/x" is taken by the gateway, as all paths below /_sluice/: give it another path',
    't.A/Get: the http rule "GET /a/{id}" is taken by t.B/Get: give one of them another path, in its proto or in http.rules',
    't.A.Gett: http.rules.0: the selector fits no method of the schema, did you mean t.A.Get?',
    't.C.*: http.rules.1: the selector fits no method of the schema',
  ]);
  t.same(paths(schema), ['A.Get GET /a2/{id}', 'A.Plain GET /p', 'B.Get GET /a/{id}'], 'the file wins');
});

t.test('the problems of the source stay; a method that was left out before is left out again', async (t) => {
  const folder = t.testdir({
    'a.proto': `syntax = "proto3"; package t; import "gone.proto"; message Q {}
      service A { rpc Get(Q) returns (Q); rpc Bad(t.Gone) returns (Q); }`,
  });
  const given = await schemaFromProtoFiles([`${folder}/a.proto`], [folder]);
  t.ok(given.problems.length > 0);
  const schema = withRules(given, [
    { selector: 't.A.Get', get: '/get' },
    { selector: 't.A.Bad', get: '/bad' },
  ]);
  t.same(schema.problems, given.problems);
  t.same([...schema.methods.keys()], ['/t.A/Get']);
  t.same(schema.leftOut, given.leftOut);
});

t.test('ten thousand rules for ten thousand methods cost what they are', async (t) => {
  const count = 10_000;
  const methods = Array.from({ length: count }, (_, index) => `rpc M${index}(Q) returns (Q);`).join('\n');
  const given = await schemaFromText(t, `message Q {} service S { ${methods} }`);
  const rules = Array.from({ length: count }, (_, index) => ({
    selector: `t.S.M${index}`,
    get: `/m/${index}`,
  }));
  const schema = withRules(given, [{ selector: '*' }, ...rules]);
  t.same(schema.problems, []);
  t.equal(schema.routes.match('GET', '/m/9999')?.method.name, 'M9999');
});
