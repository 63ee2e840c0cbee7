// What a regular expression costs on a text that somebody else wrote: the judge of `check-expressions.mjs`.
import { ALL, NONE, readPattern } from './pattern-tree.mjs';

const endless = (node) => node.kind === 'repeat' && node.most === Number.POSITIVE_INFINITY;

/** Whether the node can match nothing. */
function nullable(node) {
  switch (node.kind) {
    case 'chars':
      return false;
    case 'sequence':
      return node.parts.every(nullable);
    case 'either':
      return node.ways.some(nullable);
    case 'repeat':
      return node.least === 0 || nullable(node.body);
    default:
      return true;
  }
}

/** Every character that the node may take. */
function within(node) {
  switch (node.kind) {
    case 'chars':
      return node.set;
    case 'sequence':
      return node.parts.reduce((all, part) => all.or(within(part)), NONE);
    case 'either':
      return node.ways.reduce((all, way) => all.or(within(way)), NONE);
    case 'repeat':
      return within(node.body);
    case 'again':
      return ALL;
    default:
      return NONE;
  }
}

/** The characters that the node may begin with. */
function first(node) {
  switch (node.kind) {
    case 'sequence': {
      let set = NONE;
      for (const part of node.parts) {
        set = set.or(first(part));
        if (!nullable(part)) break;
      }
      return set;
    }
    case 'either':
      return node.ways.reduce((all, way) => all.or(first(way)), NONE);
    case 'repeat':
      return first(node.body);
    default:
      return within(node);
  }
}

/** Runs `visit` on each node, with the nodes that follow it up to the end of the pattern. */
function walk(node, after, visit) {
  visit(node, after);
  if (node.kind === 'sequence')
    for (const [index, part] of node.parts.entries())
      walk(part, [...node.parts.slice(index + 1), ...after], visit);
  else if (node.kind === 'either') for (const way of node.ways) walk(way, after, visit);
  else if (node.kind === 'repeat')
    walk(node.body, node.most > 1 ? [{ ...node, least: 0 }, ...after] : after, visit);
  else if (node.kind === 'look') walk(node.inside, [], visit);
}

/** Whether what follows may fail: nothing but what matches anywhere does not. */
function mayFail(after) {
  return after.some(
    (node) => node.kind === 'end' || node.kind === 'look' || node.kind === 'again' || !nullable(node),
  );
}

/** The endless repetitions that may begin a match, each with what must stand before it, if anything. */
function leading(node, before, found) {
  switch (node.kind) {
    case 'sequence': {
      let reached = before;
      for (const part of node.parts) {
        if (part.kind === 'start') return undefined;
        reached = leading(part, reached, found);
        if (reached === undefined) return undefined;
      }
      return reached;
    }
    case 'either': {
      const ends = node.ways.map((way) => leading(way, before, found)).filter((end) => end !== undefined);
      if (ends.length === 0) return undefined;
      return ends.reduce((all, end) => ({ must: all.must && end.must, set: all.set.or(end.set) }));
    }
    case 'repeat': {
      if (endless(node)) found.push({ node, before });
      leading(node.body, before, found);
      const set = within(node.body);
      return node.least === 0 ? { must: before.must, set: before.set.or(set) } : { must: true, set };
    }
    case 'chars':
      return { must: true, set: node.set };
    default:
      return before;
  }
}

/**
 * What is wrong with an expression on a hostile text: undefined when its time is linear as far as can be seen. Three rules:
 *
 * 1. An endless repetition that a match may begin with, at any place of the text, and behind which it may fail (`x+$`, `<[^>]*>`): it is
 *    tried from each of n places. Anchored (`^`, flag `y`), or behind a character that it cannot take itself (`:[0-9]+$`), it is not.
 * 2. Two endless repetitions that can take the same characters, with nothing between them that only one takes (`\d+\d+$`).
 * 3. A repetition in an endless repetition (`(a+)*`), or ways of one that begin alike (`(a|ab)*`), unless each turn begins with a
 *    character that does not come later in it (`(?:,[^,]+)*`).
 */
export function faultOfExpression(pattern, flags = '') {
  const tree = readPattern(pattern, flags);
  const faults = [];
  const places = new Map();
  walk(tree, [], (node, after) => {
    if (!endless(node)) return;
    if (!places.has(node)) places.set(node, after);
    const set = within(node.body);
    const begins = first(node.body);
    if (isAmbiguous(node.body)) faults.push('a repetition within an endless repetition');
    for (const next of after) {
      if (next.body === node.body) continue;
      const repeats = findEndless(next).some((other) => within(other.body).meets(set));
      if (repeats && first(next).meets(begins) && mayFail(after))
        faults.push('two endless repetitions that take the same characters');
      // Where it comes the repetition is over: there is one place where it can have ended.
      if (!nullable(next) && !first(next).meets(begins)) break;
      if (next.kind === 'end') break;
    }
  });
  if (!flags.includes('y')) {
    const found = [];
    leading(tree, { must: false, set: NONE }, found);
    for (const { node, before } of found) {
      const guarded = before.must && !before.set.meets(within(node.body));
      if (!guarded && mayFail(places.get(node) ?? []))
        faults.push('an endless repetition that is tried at each place of the text');
    }
  }
  return faults[0];
}

function findEndless(node) {
  const found = [];
  walk(node, [], (each) => {
    if (endless(each)) found.push(each);
  });
  return found;
}

/** Whether one turn of a repetition can be told from two. */
function isAmbiguous(body) {
  const ways = body.kind === 'either' ? body.ways : [body];
  const alike = ways.some((way, index) =>
    ways.slice(index + 1).some((other) => first(way).meets(first(other))),
  );
  if (alike) return true;
  const inner = ways.filter((way) => findEndless(way).length > 0);
  return inner.some((way) => {
    const parts = way.kind === 'sequence' ? way.parts : [way];
    const [head, ...rest] = parts;
    if (head === undefined || nullable(head) || endless(head)) return true;
    const later = rest.reduce((all, part) => all.or(within(part)), NONE);
    return first(head).meets(later);
  });
}
