import fc from 'fast-check';
import t from 'tap';
import { parsePathTemplate } from '../../../../gateway/schema/http/path-template.js';
import { createRouteTable, type Method, type Schema } from '../../../../gateway/schema/index.js';
import { schemaFromText } from '../schema-from-text.js';

const FIELDS = Array.from({ length: 8 }, (_, index) => `string f${index} = ${index + 1};`).join(' ');

function service(rules: readonly string[]): string {
  const methods = rules.map(
    (rule, index) => `rpc M${index}(Q) returns (Q) { option (google.api.http) = { ${rule} }; }`,
  );
  return `message Q { ${FIELDS} Sub sub = 20; } message Sub { string leaf = 1; } service S { ${methods.join('\n')} }`;
}

/** "M0 f0=x f1=y", or "" when nothing matches. */
function found({ routes }: Schema, httpMethod: string, path: string): string {
  const match = routes.match(httpMethod, path);
  if (match === undefined) return '';
  const values = match.pathValues.map(
    ({ variable, value }) => `${variable.fieldPath.map((field) => field.name).join('.')}=${value}`,
  );
  return [match.method.name, ...values].join(' ');
}

t.test('paths are matched before they are decoded, and values decoded as http.proto says', async (t) => {
  const schema = await schemaFromText(
    t,
    service([
      'get: "/v1/one/{f0}"',
      'get: "/v1/files/{f0=**}"',
      'get: "/v1/{f0=shelves/*/books/*}"',
      'get: "/v1/sub/{sub.leaf}/{f1}"',
      'get: "/v1/caf%c3%a9/x"',
      'get: "/v1/über/x"',
      'get: "/"',
    ]),
  );
  const cases: [path: string, result: string][] = [
    ['/v1/one/a%2Fb%20c%3a+', 'M0 f0=a/b c:+'],
    ['/v1/one/%F0%9F%98%80', 'M0 f0=😀'],
    ['/v1/one/', ''],
    ['/v1/one', ''],
    ['/v1/one/a/', ''],
    ['/v1/one/a/b', ''],
    ['/v1%2Fone/a', ''],
    ['/v1/files', 'M1 f0='],
    ['/v1/files/', 'M1 f0='],
    ['/v1/files/a', 'M1 f0=a'],
    ['/v1/files/a/b%2fc%2Fd%20e//', 'M1 f0=a/b%2fc%2Fd e//'],
    ['/v1/shelves/1%2F2/books/3%20', 'M2 f0=shelves/1%2F2/books/3 '],
    ['/v1/shelves/1/books', ''],
    ['/v1/sub/x/y', 'M3 sub.leaf=x f1=y'],
    ['/v1/caf%C3%A9/x', 'M4'],
    ['/v1/caf%c3%a9/x', 'M4'],
    ['/v1/%C3%BCber/x', 'M5'],
    ['/v1/%6fne/a', ''],
    ['/', 'M6'],
    ['', ''],
    ['v1/one/a', ''],
    ['//', ''],
    ['/v1/one/__proto__', 'M0 f0=__proto__'],
    ['/__proto__/constructor', ''],
  ];
  for (const [path, result] of cases) t.equal(found(schema, 'GET', path), result, path);
});

t.test('a broken percent sequence is INVALID_ARGUMENT and names the field', async (t) => {
  const schema = await schemaFromText(t, service(['get: "/v1/one/{sub.leaf}"', 'get: "/v1/many/{f0=**}"']));
  for (const bad of ['%', '%2', '%zz', '%ff', '%c3%28', '%ED%A0%80', '%C0%AF']) {
    t.throws(() => found(schema, 'GET', `/v1/one/${bad}`), { code: 3, message: /"sub\.leaf"/ }, bad);
    t.throws(() => found(schema, 'GET', `/v1/many/a/${bad}`), { code: 3, message: /"f0"/ }, bad);
  }
});

t.test('the most literal rule from the left wins, then the first declared', async (t) => {
  const schema = await schemaFromText(
    t,
    service([
      'get: "/v1/{f0=**}"',
      'get: "/v1/{f0}"',
      'get: "/v1/fixed"',
      'get: "/v1/{f0}/x"',
      'get: "/v1/fixed/{f1}"',
      'post: "/v1/fixed/only"',
      'get: "/v1/fixed/{f1=**}"',
    ]),
  );
  const cases: [path: string, result: string][] = [
    ['/v1/fixed', 'M2'],
    ['/v1/other', 'M1 f0=other'],
    ['/v1/other/x', 'M3 f0=other'],
    ['/v1/fixed/x', 'M4 f1=x'],
    ['/v1/fixed/only', 'M4 f1=only'],
    ['/v1/fixed/x/y', 'M6 f1=x/y'],
    ['/v1/other/y', 'M0 f0=other/y'],
    ['/v1', 'M0 f0='],
  ];
  for (const [path, result] of cases) t.equal(found(schema, 'GET', path), result, path);
  t.equal(found(schema, 'POST', '/v1/fixed/only'), 'M5');
});

t.test('segments behind a "**" are matched from the right, and the more there are, the better', async (t) => {
  const schema = await schemaFromText(
    t,
    service([
      'get: "/v1/{f0=**}"',
      'get: "/v1/{f0=**}/items"',
      'get: "/v1/{f0=folders/**}/items/{f1}"',
      'get: "/v1/{f0=**}/{f1}/last"',
      'get: "/v1/{f0=x/**/y}:verb"',
      'get: "/v1/fixed/items"',
      'post: "/v1/{f0=**}/items/only"',
      'get: "/v1/{f0=**}/{f1}:verb"',
    ]),
  );
  t.same(schema.problems, []);
  const cases: [path: string, result: string][] = [
    ['/v1/items', 'M1 f0='],
    ['/v1//items', 'M1 f0='],
    ['/v1/a/items', 'M1 f0=a'],
    ['/v1/a/b%2Fc/items', 'M1 f0=a/b%2Fc'],
    ['/v1/items/items', 'M1 f0=items'],
    ['/v1/fixed/items', 'M5'],
    ['/v1/folders/items/7', 'M2 f0=folders f1=7'],
    ['/v1/folders/a/b/items/7%2F8', 'M2 f0=folders/a/b f1=7/8'],
    ['/v1/folders/items/', 'M0 f0=folders/items/'],
    ['/v1/other/items/7', 'M0 f0=other/items/7'],
    ['/v1/a/last', 'M3 f0= f1=a'],
    ['/v1/last', 'M0 f0=last'],
    ['/v1/a/b/c/last', 'M3 f0=a/b f1=c'],
    ['/v1/x/y:verb', 'M4 f0=x/y'],
    ['/v1/x/a/b/y:verb', 'M4 f0=x/a/b/y'],
    ['/v1/x:verb', 'M7 f0= f1=x'],
    ['/v1/a/b:verb', 'M7 f0=a f1=b'],
    ['/v1/a/items/only', 'M0 f0=a/items/only'],
  ];
  for (const [path, result] of cases) t.equal(found(schema, 'GET', path), result, path);
  t.equal(found(schema, 'POST', '/v1/a/items/only'), 'M6 f0=a');
});

t.test('a verb is not eaten by a variable', async (t) => {
  const schema = await schemaFromText(
    t,
    service([
      'get: "/v1/{f0}"',
      'post: "/v1/{f0}:cancel" body: "*"',
      'get: "/v1/files/{f0=**}"',
      'get: "/v1/files/{f0=**}:stat"',
      'get: "/v1/data"',
      'get: "/v1/data:all"',
    ]),
  );
  const cases: [method: string, path: string, result: string][] = [
    ['POST', '/v1/5:cancel', 'M1 f0=5'],
    ['GET', '/v1/5:cancel', ''],
    ['GET', '/v1/5%3Acancel', 'M0 f0=5:cancel'],
    ['GET', '/v1/urn:isbn:1', 'M0 f0=urn:isbn:1'],
    ['POST', '/v1/urn:isbn:cancel', 'M1 f0=urn:isbn'],
    ['GET', '/v1/5:', 'M0 f0=5:'],
    ['GET', '/v1/files/a/b:stat', 'M3 f0=a/b'],
    ['GET', '/v1/files:stat', 'M3 f0='],
    ['GET', '/v1/files/a:b/c', 'M2 f0=a:b/c'],
    ['GET', '/v1/data:all', 'M5'],
    ['GET', '/v1/data', 'M4'],
  ];
  for (const [method, path, result] of cases)
    t.equal(found(schema, method, path), result, `${method} ${path}`);
  t.same(schema.routes.allowed('/v1/5:cancel'), ['POST']);
});

t.test(
  'methods: HEAD goes to GET, "*" takes what nobody else does, allowed lists what is there',
  async (t) => {
    const schema = await schemaFromText(
      t,
      service([
        'get: "/v1/x" additional_bindings { delete: "/v1/x" }',
        'custom: { kind: "head" path: "/v1/h" } additional_bindings { get: "/v1/h2" }',
        'custom: { kind: "*" path: "/v1/any" }',
        'put: "/v1/any" body: "*"',
        'patch: "/v1/p" body: "*"',
      ]),
    );
    t.same(schema.problems, []);
    const { routes } = schema;
    t.equal(found(schema, 'HEAD', '/v1/x'), 'M0');
    t.equal(found(schema, 'DELETE', '/v1/x'), 'M0');
    t.equal(found(schema, 'POST', '/v1/x'), '');
    t.equal(found(schema, 'HEAD', '/v1/h'), 'M1');
    t.equal(found(schema, 'GET', '/v1/h'), '');
    t.equal(found(schema, 'PUT', '/v1/any'), 'M3');
    t.equal(found(schema, 'PROPFIND', '/v1/any'), 'M2');
    t.same(routes.allowed('/v1/x'), ['GET', 'DELETE', 'HEAD']);
    t.same(routes.allowed('/v1/any'), ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);
    t.same(routes.allowed('/v1/p'), ['PATCH']);
    t.same(routes.allowed('/nowhere'), []);
    t.same(routes.allowed('/t.S/M0'), ['POST', 'GET', 'HEAD', 'QUERY']);
    t.same(routes.allowed('/t.S/M4'), ['POST']);
  },
);

t.test('a gRPC path matches with every HTTP method, and a WebSocket may open any rule', async (t) => {
  const schema = await schemaFromText(
    t,
    service(['post: "/v1/x" body: "*"', 'get: "/v1/x"', 'get: "/t.S/{f0}"']),
  );
  t.equal(found(schema, 'POST', '/t.S/M0'), 'M0');
  t.equal(found(schema, 'GET', '/t.S/M1'), 'M1');
  t.equal(found(schema, 'GET', '/t.S/Other'), 'M2 f0=Other');
  t.equal(schema.routes.match('GET', '/t.S/M0')?.binding, undefined);
  t.equal(schema.routes.matchAny('/v1/x')?.method.name, 'M0');
  t.equal(schema.routes.matchAny('/t.S/M1')?.method.name, 'M1');
  t.equal(schema.routes.matchAny('/t.S/Other')?.pathValues[0]?.value, 'Other');
  t.equal(schema.routes.matchAny('/nowhere'), undefined);
});

t.test('a hostile path costs no more than the tree of rules', async (t) => {
  // Tried one by one, these templates have 2^40 ways to fail.
  const parts = Array.from({ length: 40 }, () => ['a', '*']);
  const rules = Array.from({ length: 40 }, (_, bit) => {
    const segments = parts.map((pair, index) => pair[index <= bit ? 0 : 1]);
    return `get: "/${segments.join('/')}/end${bit}"`;
  });
  // The same from the right, behind a "**" at any depth.
  for (let bit = 0; bit < 40; bit++) {
    const segments = parts.map((pair, index) => pair[index <= bit ? 0 : 1]);
    rules.push(`get: "/${'a/'.repeat(bit)}**/end/${segments.join('/')}"`);
  }
  const schema = await schemaFromText(t, service(rules));
  t.equal(found(schema, 'GET', `/${'a/'.repeat(100)}nope`), '');
  t.equal(found(schema, 'GET', `/${'a/'.repeat(40)}nope`), '');
  t.equal(found(schema, 'GET', `/${'a/'.repeat(40)}end7`), 'M7');
  t.equal(found(schema, 'GET', '/'.repeat(100_000)), '');
  t.equal(found(schema, 'GET', `/${':'.repeat(100_000)}`), '');
});

// --- properties -----------------------------------------------------------------------------------------

const text = fc.string({ unit: 'binary', minLength: 1, maxLength: 8 });
const literal = fc.stringMatching(/^[a-z0-9._~-]{1,6}$/);
const part = fc.oneof(
  literal.map((value) => ({ kind: 'literal' as const, value })),
  text.map((value) => ({ kind: 'one' as const, value })),
);
const piece = fc.record({ variable: fc.boolean(), parts: fc.array(part, { minLength: 1, maxLength: 3 }) });
/** A `**`, and how many pieces stand before it. */
const tail = fc.option(
  fc.record({ variable: fc.boolean(), values: fc.array(text, { maxLength: 3 }), at: fc.nat(5) }),
);
const verb = fc.option(literal);

/** As a client of http.proto expands a value: everything but the unreserved characters is percent-encoded. */
function expand(value: string): string {
  return [...Buffer.from(value, 'utf8')]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      return /[-_.~0-9a-zA-Z]/.test(char) ? char : `%${byte.toString(16).padStart(2, '0').toUpperCase()}`;
    })
    .join('');
}

t.test('a path built from a template and values gives the values back', async (t) => {
  const schema = await schemaFromText(t, service(['get: "/x"']));
  const method = schema.methods.get('/t.S/M0') as Method;
  fc.assert(
    fc.property(fc.array(piece, { minLength: 1, maxLength: 5 }), tail, verb, (pieces, rest, verb) => {
      const template: string[] = [];
      const path: string[] = [];
      const wanted: string[] = [];
      const variable = (parts: string[], values: string[]): string => {
        const multi = parts.length > 1 || parts[0] === '**';
        // In more than one segment an encoded slash stays encoded.
        wanted.push(values.map((value) => (multi ? value.replaceAll('/', '%2F') : value)).join('/'));
        return `{f${wanted.length - 1}=${parts.join('/')}}`;
      };
      const addRest = () => {
        if (rest === null) return;
        path.push(...rest.values.map(expand));
        template.push(rest.variable ? variable(['**'], rest.values) : '**');
      };
      for (const [index, each] of pieces.entries()) {
        if (index === rest?.at) addRest();
        const parts = each.parts.map(({ kind, value }) => (kind === 'one' ? '*' : value));
        const values = each.parts.map(({ value }) => value);
        path.push(...values.map(expand));
        if (each.variable) template.push(variable(parts, values));
        else template.push(...parts);
      }
      if (rest !== null && rest.at >= pieces.length) addRest();
      const end = verb === null ? '' : `:${verb}`;
      const source = `/${template.join('/')}${end}`;
      const parsed = parsePathTemplate(source);
      const routed: Method = {
        ...method,
        bindings: [
          {
            httpMethod: 'GET',
            template: source,
            variables: parsed.variables.map(({ multiSegment }, index) => ({
              fieldPath: [method.input.fields[index] as Method['input']['fields'][number]],
              multiSegment,
            })),
            body: undefined,
            responseBody: undefined,
            mask: undefined,
            upload: undefined,
            download: undefined,
          },
        ],
      };
      const match = createRouteTable(new Map([[routed.path, routed]])).match(
        'GET',
        `/${path.join('/')}${end}`,
      );
      return (
        match !== undefined &&
        JSON.stringify(match.pathValues.map(({ value }) => value)) === JSON.stringify(wanted)
      );
    }),
    { numRuns: 500 },
  );
});

/** The meaning of a template without any tree, verb or priority: each segment compared in turn. */
function fits(template: string, path: string): boolean {
  const wanted = template.slice(1).split('/');
  const given = path.slice(1).split('/');
  const rest = wanted.indexOf('**');
  if (rest === -1 ? given.length !== wanted.length : given.length < wanted.length - 1) return false;
  if (rest !== -1) given.splice(rest, given.length - wanted.length + 1, '**');
  return wanted.every(
    (part, index) => part === '**' || (part === '*' ? given[index] !== '' : part === given[index]),
  );
}

t.test('a path is matched exactly when one of the templates fits it', async (t) => {
  const schema = await schemaFromText(t, service(['get: "/x"']));
  const method = schema.methods.get('/t.S/M0') as Method;
  const segment = fc.constantFrom<string>('a', 'b', '*');
  const template = fc
    .tuple(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.option(fc.nat(4)))
    .map(([parts, rest]) => `/${(rest === null ? parts : parts.toSpliced(rest, 0, '**')).join('/')}`);
  const path = fc
    .array(fc.constantFrom('a', 'b', 'c', ''), { minLength: 1, maxLength: 6 })
    .map((p) => `/${p.join('/')}`);
  fc.assert(
    fc.property(fc.uniqueArray(template, { minLength: 1, maxLength: 12 }), path, (templates, path) => {
      const routed: Method = {
        ...method,
        bindings: templates.map((template) => ({
          httpMethod: 'GET',
          template,
          variables: [],
          body: undefined,
          responseBody: undefined,
          mask: undefined,
          upload: undefined,
          download: undefined,
        })),
      };
      const match = createRouteTable(new Map([[routed.path, routed]])).match('GET', path);
      const fitting = templates.filter((each) => fits(each, path));
      if (match === undefined) return fitting.length === 0;
      return fitting.includes(match.binding?.template ?? '');
    }),
    { numRuns: 2000 },
  );
});
