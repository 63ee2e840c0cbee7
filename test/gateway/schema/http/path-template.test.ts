import t from 'tap';
import { canonicalSegment, parsePathTemplate } from '../../../../gateway/schema/http/path-template.js';

t.test('every form of the grammar is read', async (t) => {
  const cases: [template: string, shape: string, variables: string[]][] = [
    ['/v1/messages', '/v1/messages', []],
    ['/v1/{id}', '/v1/{*}', ['id']],
    ['/v1/{id=*}', '/v1/{*}', ['id']],
    ['/v1/{a.b.c}', '/v1/{*}', ['a.b.c']],
    ['/v1/{name=shelves/*/books/*}', '/v1/shelves/{*}/books/{*}', ['name+']],
    ['/v1/{path=**}', '/v1/{**}', ['path+']],
    ['/v1/{path=x/**}:read', '/v1/x/{**}:read', ['path+']],
    ['/v1/*/x/**', '/v1/{*}/x/{**}', []],
    ['/v1/**/x', '/v1/{**}/x', []],
    ['/v1/{a=**}/x/{b}', '/v1/{**}/x/{*}', ['a+', 'b']],
    ['/v1/{a=x/**/y}:read', '/v1/x/{**}/y:read', ['a+']],
    ['/v1/data:buffered', '/v1/data:buffered', []],
    ['/v1/{id}:cancel', '/v1/{*}:cancel', ['id']],
    ['/{kind=fixed}/{id}', '/fixed/{*}', ['kind', 'id']],
    ['/a:b/c', '/a:b/c', []],
    ['/é/%2f', '/%C3%A9/%2F', []],
    ['/', '/', []],
  ];
  for (const [template, shape, variables] of cases) {
    const parsed = parsePathTemplate(template);
    t.equal(parsed.shape, shape, template);
    t.same(
      parsed.variables.map(({ field, multiSegment }) => field + (multiSegment ? '+' : '')),
      variables,
      template,
    );
  }
});

t.test('what is not in the grammar is an error that says what is wrong', async (t) => {
  const cases: [template: string, problem: RegExp][] = [
    ['', /begins with "\/"/],
    ['v1', /begins with "\/"/],
    ['/v1//x', /empty/],
    ['/v1/', /empty/],
    ['/v1/{id', /no "}"/],
    ['/v1/{}', /no name of a field/],
    ['/v1/{a..b}', /no name of a field/],
    ['/v1/{a b}', /no name of a field/],
    ['/v1/{a={b}}', /stand alone/],
    ['/v1/{a=}', /empty/],
    ['/v1/{a=x//y}', /empty/],
    ['/v1/{id}x', /expected "\/"/],
    ['/v1/x{id}', /stand alone/],
    ['/v1/**/**', /occurs twice/],
    ['/v1/{a=**}/x/{b=**}', /occurs twice/],
    ['/v1/***', /stand alone/],
    ['/v1/x:', /no verb/],
    ['/v1/x:*', /no verb/],
    ['/v1/{a}/{a}', /twice/],
    [`/${'x/'.repeat(200)}x`, /more than 128/],
  ];
  for (const [template, problem] of cases)
    t.throws(() => parsePathTemplate(template), { message: problem }, template);
});

t.test('a literal has one spelling, and nothing in it is decoded', async (t) => {
  t.equal(canonicalSegment('a b'), 'a%20b');
  t.equal(canonicalSegment('%2f%c3'), '%2F%C3');
  t.equal(canonicalSegment('%41'), '%41');
  t.equal(canonicalSegment('😀'), '%F0%9F%98%80');
  t.equal(canonicalSegment('\ud800'), '\ud800', 'half a character does not throw');
});
