import fc from 'fast-check';
import t from 'tap';
import type { RouteMatch, Schema } from '../../../../gateway/schema/index.js';
import { configuredSchema } from '../../../../gateway/server/config/index.js';
import { RpcError } from '../../../../gateway/status/index.js';
import { schemaFromText } from '../schema-from-text.js';

// Random rules against a matcher that knows no tree: it looks at every rule in turn, and says in a sentence which of two is better.

const FIELDS = ['f0', 'f1', 'f2', 'f3', 'sub.leaf', 'number', 'tags'] as const;
const COUNT = 6;
const COMMON = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
const METHODS = [...COMMON, 'PURGE'];

/** One part of a template; a variable holds several. */
interface Part {
  readonly variable: boolean;
  readonly segments: readonly string[];
}

interface Rule {
  readonly kind: string;
  readonly parts: readonly Part[];
  readonly verb: string;
}

const literal = fc.constantFrom('a', 'b', 'A', 'a.b', '@x', 'a+b', '%2f', 'ü', '%c3%bc', 'x:y', "!$&'()");
const segment = fc.oneof({ weight: 3, arbitrary: literal }, { weight: 2, arbitrary: fc.constant('*') });
const part: fc.Arbitrary<Part> = fc.oneof(
  { weight: 3, arbitrary: segment.map((text) => ({ variable: false, segments: [text] })) },
  { weight: 2, arbitrary: fc.constant({ variable: true, segments: ['*'] }) },
  {
    weight: 1,
    arbitrary: fc
      .array(segment, { minLength: 1, maxLength: 2 })
      .map((segments) => ({ variable: true, segments })),
  },
);
const wide: fc.Arbitrary<Part> = fc.constantFrom(
  { variable: false, segments: ['**'] },
  { variable: true, segments: ['**'] },
  { variable: true, segments: ['a', '**'] },
  { variable: true, segments: ['**', 'b'] },
);
const written: fc.Arbitrary<Rule> = fc.record({
  kind: fc.constantFrom('GET', 'GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'PURGE', 'HEAD', '*'),
  parts: fc
    .tuple(
      fc.array(part, { minLength: 1, maxLength: 3 }),
      fc.option(fc.tuple(wide, fc.nat(3)), { freq: 2, nil: undefined }),
    )
    .map(([parts, rest]) => (rest === undefined ? parts : parts.toSpliced(rest[1], 0, rest[0]))),
  verb: fc.constantFrom('', '', 'cancel', 'do', 'ü'),
});

/** As it is read: the last colon of the last segment begins a verb, also of a literal that was meant to have one. */
const rule = written.map(({ kind, parts, verb }): Rule => {
  const last = parts.at(-1);
  const [text = '', end] = last?.segments.at(-1)?.split(':') ?? [];
  if (last === undefined || last.variable || verb !== '' || end === undefined) return { kind, parts, verb };
  return { kind, parts: parts.with(-1, { variable: false, segments: [text] }), verb: end };
});

/** Often with one of them twice. */
const rules = fc
  .tuple(
    fc.array(rule, { minLength: 1, maxLength: COUNT - 1 }),
    fc.option(fc.nat(COUNT), { freq: 2, nil: undefined }),
  )
  .map(([list, again]) => (again === undefined ? list : [...list, list[again % list.length] as Rule]));

function templateOf({ parts, verb }: Rule): string {
  let variables = 0;
  const texts = parts.map(({ variable, segments }) => {
    if (!variable) return segments.join('/');
    const field = FIELDS[variables++];
    return segments.join() === '*' ? `{${field}}` : `{${field}=${segments.join('/')}}`;
  });
  return `/${texts.join('/')}${verb && `:${verb}`}`;
}

/** The one spelling of a segment: what may not stand in a path is encoded, and digits are large. Source: RFC 3986. */
function spelled(text: string): string {
  return [...text.matchAll(/%[0-9a-f]{2}|[\s\S]/giu)]
    .map(([char]) => {
      if (char.length === 3 && char.startsWith('%')) return char.toUpperCase();
      return /[A-Za-z0-9\-._~!$&'()*+,;=:@%]/.test(char) ? char : encodeURIComponent(char);
    })
    .join('');
}

interface Found {
  readonly rule: Rule;
  readonly method: number;
  readonly segments: readonly string[];
  /** Which segments of the path each of the template's has. */
  readonly spans: readonly (readonly string[])[];
}

function fit(rule: Rule, method: number, given: readonly string[]): Found | undefined {
  const segments = rule.parts.flatMap((each) => each.segments);
  const wide = segments.indexOf('**');
  const surplus = given.length - segments.length;
  if (wide === -1 ? surplus !== 0 : surplus < -1) return undefined;
  const spans: string[][] = [];
  let at = 0;
  for (const text of segments) {
    const span = given.slice(at, at + (text === '**' ? surplus + 1 : 1));
    at += span.length;
    if (text === '*' && span[0] === '') return undefined;
    if (text !== '*' && text !== '**' && spelled(text) !== spelled(span[0] ?? '')) return undefined;
    spans.push(span);
  }
  return { rule, method, segments, spans };
}

/** A literal is better than `*`, and that better than `**`: from the left, and behind a `**` from the right. */
function isBetter(a: Found, b: Found): boolean | undefined {
  const rank = (text: string | undefined) => (text === '**' ? 2 : text === '*' ? 1 : 0);
  for (const from of [(list: readonly string[]) => list, (list: readonly string[]) => list.toReversed()]) {
    const [left, right] = [from(a.segments), from(b.segments)];
    for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
      const [mine, other] = [rank(left[index]), rank(right[index])];
      if (mine !== other) return mine < other;
      if (mine === 2) break;
    }
  }
  return undefined;
}

/** "M2 f0=x", "error", or "" for none. */
function reference(rules: readonly Rule[], httpMethod: string | undefined, path: string): string {
  const found = candidates(rules, path).filter(
    ({ rule: { kind } }) =>
      httpMethod === undefined ||
      kind === httpMethod ||
      kind === '*' ||
      (kind === 'GET' && httpMethod === 'HEAD'),
  );
  const exactness = ({ rule: { kind } }: Found) =>
    httpMethod === undefined ? 0 : kind === httpMethod ? 0 : kind === 'GET' ? 1 : 2;
  const [best] = found.sort((a, b) => {
    const better = isBetter(a, b);
    if (better !== undefined) return better ? -1 : 1;
    return exactness(a) - exactness(b) || a.method - b.method;
  });
  if (best === undefined) return '';
  try {
    return [`M${best.method}`, ...valuesOf(best)].join(' ');
  } catch {
    return 'error';
  }
}

function candidates(rules: readonly Rule[], path: string): Found[] {
  const given = path.slice(1).split('/');
  const last = given.at(-1) ?? '';
  const colon = last.lastIndexOf(':');
  const fitting = (verb: string, segments: readonly string[]) =>
    rules.flatMap((each, method) =>
      spelled(each.verb) === spelled(verb) ? (fit(each, method, segments) ?? []) : [],
    );
  if (colon !== -1 && colon < last.length - 1) {
    const withVerb = fitting(last.slice(colon + 1), given.with(-1, last.slice(0, colon)));
    if (withVerb.length > 0) return withVerb;
  }
  return fitting('', given);
}

function valuesOf({ rule, spans }: Found): string[] {
  const values: string[] = [];
  let at = 0;
  for (const { variable, segments } of rule.parts) {
    const own = spans.slice(at, at + segments.length).flat();
    at += segments.length;
    if (!variable) continue;
    const multi = segments.length > 1 || segments[0] === '**';
    const text = own.join('/');
    const kept = multi ? text.replace(/%2f/gi, (slash) => encodeURIComponent(slash)) : text;
    values.push(`${FIELDS[values.length]}=${decodeURIComponent(kept)}`);
  }
  return values;
}

/** Two rules that no path and verb tells apart. */
function isSame(a: Rule, b: Rule): boolean {
  const shape = ({ parts, verb }: Rule) =>
    [...parts.flatMap(({ segments }) => segments), `:${verb}`].map(spelled).join('/');
  return a.kind === b.kind && shape(a) === shape(b);
}

function shown(match: () => RouteMatch | undefined): string {
  try {
    const found = match();
    if (found === undefined) return '';
    const values = found.pathValues.map(
      ({ variable, value }) => `${variable.fieldPath.map(({ name }) => name).join('.')}=${value}`,
    );
    return [found.method.name, ...values].join(' ');
  } catch (error) {
    if (error instanceof RpcError && error.code === 3) return 'error';
    throw error;
  }
}

const value = fc.constantFrom(
  ...['a', 'b', 'A', 'x', '', '%2F', '%2f', 'a%2fb', 'ü', '%C3%BC', '%c3%bc', 'a:b', 'x:y', ':cancel'],
  ...["!$&'()", '*', '**', '%3A', 'a%20b', '+', '%', '%zz', '%ff', '.', '..', '@x', 'a+b', 'a.b', '{f0}'],
);
/** How a path is made of a template, and what then becomes of it. */
const recipe = fc.record({
  from: fc.nat(COUNT - 1),
  values: fc.array(value, { minLength: 6, maxLength: 6 }),
  width: fc.nat(3),
  change: fc.constantFrom('none', 'none', 'none', 'slash', 'shorter', 'longer', 'double'),
  verb: fc.constantFrom('own', 'own', 'own', '', 'cancel', 'do', '%c3%bc', 'other'),
});

function pathOf(
  rules: readonly Rule[],
  { from, values, width, change, verb }: typeof recipe extends fc.Arbitrary<infer T> ? T : never,
): string {
  const rule = rules[from % rules.length] as Rule;
  let next = 0;
  const take = () => values[next++ % values.length] ?? '';
  const segments = rule.parts
    .flatMap((each) => each.segments)
    .flatMap((text) =>
      text === '**' ? Array.from({ length: width }, take) : text === '*' ? [take()] : [text],
    );
  if (change === 'slash') segments.push('');
  if (change === 'shorter') segments.pop();
  if (change === 'longer') segments.push(take());
  if (change === 'double') segments.splice(1, 0, '');
  const end = verb === 'own' ? rule.verb : verb;
  return `/${segments.join('/')}${end && `:${end}`}`;
}

t.test('any rules give any path to the same method as a list that is walked through', async (t) => {
  const names = Array.from({ length: COUNT }, (_, index) => `rpc M${index}(Q) returns (Q);`);
  const given = await schemaFromText(
    t,
    `message Sub { string leaf = 1; }
     message Q { string f0 = 1; string f1 = 2; string f2 = 3; string f3 = 4; Sub sub = 5; }
     service S { ${names.join(' ')} }`,
  );
  const configured = (rules: readonly Rule[]): Schema =>
    configuredSchema(
      given,
      {
        http: {
          rules: rules.map((each, index) => ({
            selector: `t.S.M${index}`,
            custom: { kind: each.kind, path: templateOf(each) },
          })),
        },
      },
      (problem) => t.fail(problem),
    );
  const counts = { paths: 0, found: 0, error: 0, conflicts: 0 };
  const seed = Number(process.env.SLUICE_RULES_SEED ?? Date.now() % 2 ** 31);
  t.comment(`SLUICE_RULES_SEED=${seed}`);
  fc.assert(
    fc.property(rules, fc.array(recipe, { minLength: 12, maxLength: 12 }), (rules, recipes) => {
      const schema = configured(rules);
      const conflicts = rules.flatMap((each, index) => {
        const first = rules.findIndex((other) => isSame(each, other));
        return first < index ? [{ index, first }] : [];
      });
      counts.conflicts += conflicts.length;
      const wanted = conflicts.map(({ index, first }) => `t.S/M${index} taken by t.S/M${first}`);
      const told = schema.problems.map(({ name, reason }) => `${name} ${/taken by [\w./]+/.exec(reason)}`);
      if (wanted.join() !== told.join())
        throw new Error(`problems: ${schema.problems.join()}, not ${wanted}`);
      const usable = rules.map((each, index) =>
        conflicts.some((conflict) => conflict.index === index) ? { ...each, kind: 'none' } : each,
      );
      for (const each of recipes) {
        const path = pathOf(rules, each);
        for (const httpMethod of [...METHODS, undefined]) {
          const here =
            httpMethod === undefined ? usable.map((it) => (it.kind === 'none' ? NEVER : it)) : usable;
          const expected = reference(here, httpMethod, path);
          const actual = shown(() =>
            httpMethod === undefined ? schema.routes.matchAny(path) : schema.routes.match(httpMethod, path),
          );
          counts.paths += 1;
          if (expected === 'error') counts.error += 1;
          else if (expected !== '') counts.found += 1;
          if (actual !== expected) {
            throw new Error(
              `${httpMethod} ${path} is "${actual}", not "${expected}": ${rules.map(templateOf)}`,
            );
          }
        }
        const allowed = candidates(
          usable.map((it) => (it.kind === 'none' ? NEVER : it)),
          path,
        ).map((found) => found.rule.kind);
        const all = new Set(allowed.includes('*') ? [...COMMON, ...allowed] : allowed);
        all.delete('*');
        if (all.has('GET')) all.add('HEAD');
        const actual = [...schema.routes.allowed(path)].sort().join();
        if (actual !== [...all].sort().join())
          throw new Error(`allowed at ${path}: ${actual}, not ${[...all]}`);
      }
    }),
    { numRuns: Number(process.env.SLUICE_RULES_CASES ?? 400), seed },
  );
  t.comment(JSON.stringify(counts));
  t.ok(counts.found > counts.paths / 20, 'many paths lead somewhere');
  t.ok(counts.error > 0 && counts.conflicts > 0);
});

/** Fits no path: a conflict has left it out. */
const NEVER: Rule = { kind: 'none', parts: [], verb: 'never' };
