import type { HttpBinding, Method } from '../method/index.js';
import { COMMON_METHODS } from './http-methods.js';
import {
  canonicalSegment,
  type PathTemplate,
  parsePathTemplate,
  type TemplateSegment,
} from './path-template.js';
import { decodePathValue } from './percent.js';
import type { PathValue, RouteMatch, RouteTable } from './route.js';

interface Route {
  readonly method: Method;
  readonly binding: HttpBinding;
  readonly template: PathTemplate;
  /** Where its `**` stands among its segments; -1 without one. */
  readonly rest: number;
}

/** All templates as a tree, one level a segment, so that no path costs more than there are nodes. */
interface RouteNode {
  literals: Map<string, RouteNode> | undefined;
  one: RouteNode | undefined;
  /** Templates that end here, by verb, in order of declaration. */
  here: Map<string, Route[]> | undefined;
  /** Templates whose `**` begins here: a tree of the segments behind it, from the last one to the left. */
  rest: RouteNode | undefined;
}

type Pick = (routes: readonly Route[]) => Route | undefined;

/**
 * The route table of these methods, in order of declaration. The templates of their bindings must be valid.
 *
 * A path belongs to the binding that is most literal from the left, and behind a `**` from the right; between equals to the first
 * declared. A gRPC path beats every rule. `GET /x/5:cancel` is not `/x/{id}` where a rule has the verb `cancel`. A `*` needs at least one
 * character, so a slash at the end matters. HEAD is answered by the rule of GET.
 * `match` and `matchAny` throw `RpcError` INVALID_ARGUMENT when a variable is not valid percent-encoding.
 */
export function createRouteTable(methods: ReadonlyMap<string, Method>): RouteTable {
  let tree: RouteNode | undefined;
  const find = (rawPath: string, pick: Pick): RouteMatch | undefined => {
    // Not before a path is none of gRPC: a large schema would start later.
    tree ??= treeOf(methods);
    const root = tree;
    const segments = segmentsOf(rawPath);
    const last = segments[segments.length - 1] ?? '';
    const colon = last.lastIndexOf(':');
    if (colon !== -1 && colon < last.length - 1) {
      let isVerb = false;
      const short = [...segments.slice(0, -1), last.slice(0, colon)];
      const route = search(root, short, 0, canonicalSegment(last.slice(colon + 1)), (routes) => {
        isVerb = true;
        return pick(routes);
      });
      if (isVerb) return route && routeMatch(route, short);
    }
    const route = search(root, segments, 0, '', pick);
    return route && routeMatch(route, segments);
  };

  return {
    httpMethods: httpMethodsOf(methods),
    match(httpMethod, rawPath) {
      const method = methods.get(rawPath);
      if (method !== undefined) return { method, binding: undefined, pathValues: [] };
      return find(rawPath, (routes) => pickMethod(routes, httpMethod));
    },
    matchAny(rawPath) {
      const method = methods.get(rawPath);
      if (method !== undefined) return { method, binding: undefined, pathValues: [] };
      return find(rawPath, (routes) => routes[0]);
    },
    allowed(rawPath) {
      const found = new Set<string>();
      const method = methods.get(rawPath);
      if (method !== undefined) found.add('POST');
      const isSafe = method !== undefined && takesQuery(method);
      if (isSafe) found.add('GET');
      if (method === undefined) {
        find(rawPath, (routes) => {
          for (const { binding } of routes) found.add(binding.httpMethod);
          return undefined;
        });
      }
      if (found.delete('*')) return [...new Set([...COMMON_METHODS, ...found])];
      if (found.has('GET')) found.add('HEAD');
      if (isSafe) found.add('QUERY');
      return [...found];
    },
  };
}

/** What lies between its slashes. `split` costs five times as much for a path that is another with each call, and `at` more than an index. */
function segmentsOf(path: string): string[] {
  const segments: string[] = [];
  if (!path.startsWith('/')) return segments;
  let at = 1;
  for (let slash = path.indexOf('/', at); slash !== -1; slash = path.indexOf('/', at)) {
    segments.push(path.slice(at, slash));
    at = slash + 1;
  }
  segments.push(path.slice(at));
  return segments;
}

function httpMethodsOf(methods: ReadonlyMap<string, Method>): string[] {
  const kinds = new Set<string>();
  let isQueried = false;
  for (const method of methods.values()) {
    isQueried ||= takesQuery(method);
    for (const { httpMethod } of method.bindings) kinds.add(httpMethod);
  }
  kinds.delete('*');
  return [...new Set([...COMMON_METHODS, ...(isQueried ? ['QUERY'] : []), ...kinds])];
}

/** Whether its gRPC path answers GET and QUERY. Source: RFC 10008, QUERY is safe and has a body. */
function takesQuery({ safe, requestStream }: Method): boolean {
  return safe && !requestStream;
}

function createNode(): RouteNode {
  return { literals: undefined, one: undefined, here: undefined, rest: undefined };
}

function treeOf(methods: ReadonlyMap<string, Method>): RouteNode {
  const root = createNode();
  for (const method of methods.values()) {
    for (const binding of method.bindings) addRoute(root, method, binding);
  }
  return root;
}

function addRoute(root: RouteNode, method: Method, binding: HttpBinding): void {
  const template = parsePathTemplate(binding.template);
  const { segments, verb } = template;
  const rest = segments.findIndex(({ kind }) => kind === 'rest');
  let node = root;
  for (const segment of rest === -1 ? segments : segments.slice(0, rest)) node = childOf(node, segment);
  if (rest !== -1) {
    node.rest ??= createNode();
    node = node.rest;
    for (const segment of segments.slice(rest + 1).reverse()) node = childOf(node, segment);
  }
  node.here ??= new Map();
  const routes = node.here.get(verb) ?? [];
  node.here.set(verb, routes);
  routes.push({ method, binding, template, rest });
}

function childOf(node: RouteNode, segment: TemplateSegment): RouteNode {
  if (segment.kind !== 'literal') {
    node.one ??= createNode();
    return node.one;
  }
  node.literals ??= new Map();
  const known = node.literals.get(segment.text);
  if (known !== undefined) return known;
  const child = createNode();
  node.literals.set(segment.text, child);
  return child;
}

/** The best end that `pick` takes: a literal before `*`, `*` before `**`. Visits a node at most once. */
function search(
  node: RouteNode,
  segments: readonly string[],
  index: number,
  verb: string,
  pick: Pick,
): Route | undefined {
  const segment = segments[index];
  let found: Route | undefined;
  if (segment === undefined) {
    const routes = node.here?.get(verb);
    found = routes && pick(routes);
  } else {
    const literal = node.literals?.get(canonicalSegment(segment));
    found = literal && search(literal, segments, index + 1, verb, pick);
    if (found === undefined && node.one !== undefined && segment !== '') {
      found = search(node.one, segments, index + 1, verb, pick);
    }
  }
  if (found !== undefined || node.rest === undefined) return found;
  return searchBehind(node.rest, segments, index, segments.length, verb, pick);
}

/** The best end behind a `**` that may reach from `start` up to `end`: as many segments behind it as match, a literal before `*`. */
function searchBehind(
  node: RouteNode,
  segments: readonly string[],
  start: number,
  end: number,
  verb: string,
  pick: Pick,
): Route | undefined {
  const segment = end > start ? segments[end - 1] : undefined;
  let found: Route | undefined;
  if (segment !== undefined) {
    const literal = node.literals?.get(canonicalSegment(segment));
    found = literal && searchBehind(literal, segments, start, end - 1, verb, pick);
    if (found === undefined && node.one !== undefined && segment !== '') {
      found = searchBehind(node.one, segments, start, end - 1, verb, pick);
    }
  }
  if (found !== undefined) return found;
  const routes = node.here?.get(verb);
  return routes && pick(routes);
}

function pickMethod(routes: readonly Route[], httpMethod: string): Route | undefined {
  const of = (wanted: string) => routes.find(({ binding }) => binding.httpMethod === wanted);
  return of(httpMethod) ?? (httpMethod === 'HEAD' ? of('GET') : undefined) ?? of('*');
}

function routeMatch({ method, binding, template, rest }: Route, segments: readonly string[]): RouteMatch {
  // What a `**` captures more than one segment, or less, moves what stands behind it.
  const moved = segments.length - template.segments.length;
  const inPath = (index: number) => (rest !== -1 && index > rest ? index + moved : index);
  const pathValues = template.variables.map(({ field, start, end, multiSegment }, index): PathValue => {
    const raw = segments.slice(inPath(start), inPath(end)).join('/');
    return {
      variable: binding.variables[index] as PathValue['variable'],
      value: decodePathValue(raw, multiSegment, field),
    };
  });
  return { method, binding, pathValues };
}
