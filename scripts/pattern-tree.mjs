// Regular expressions as trees, and what characters they take.

/** Of a set of characters: those below 128 one by one, and whether any above belongs to it. */
class Chars {
  constructor(low = 0n, high = false) {
    this.low = low;
    this.high = high;
  }
  or(other) {
    return new Chars(this.low | other.low, this.high || other.high);
  }
  not() {
    // Of what lies above nothing is known but that some of it may be meant.
    return new Chars(~this.low & ALL_LOW, true);
  }
  meets(other) {
    return (this.low & other.low) !== 0n || (this.high && other.high);
  }
}

const ALL_LOW = (1n << 128n) - 1n;
export const NONE = new Chars();
export const ALL = new Chars(ALL_LOW, true);

function range(from, to) {
  let low = 0n;
  for (let code = from; code <= Math.min(to, 127); code += 1) low |= 1n << BigInt(code);
  return new Chars(low, to > 127);
}

const DIGIT = range(48, 57);
const WORD = DIGIT.or(range(65, 90)).or(range(97, 122)).or(range(95, 95));
const SPACE = new Chars(
  [9, 10, 11, 12, 13, 32].reduce((low, code) => low | (1n << BigInt(code)), 0n),
  true,
);
const BREAKS = new Chars((1n << 10n) | (1n << 13n), false);
const CLASSES = { d: DIGIT, w: WORD, s: SPACE, D: DIGIT.not(), W: WORD.not(), S: SPACE.not() };
const CONTROLS = { n: 10, r: 13, t: 9, v: 11, f: 12, 0: 0 };

/**
 * Reads a pattern as a tree. Nodes: `chars` (one character of `set`), `sequence`, `either`, `repeat` (of `body`, from `least` to `most`),
 * `start`, `end`, `look` (around; takes nothing), `again` (a back reference). Throws for what it does not know.
 */
export function readPattern(pattern, flags = '') {
  let at = 0;
  const ignoresCase = flags.includes('i');
  const one = (code) => {
    const letter = String.fromCodePoint(code);
    const set = range(code, code);
    if (!ignoresCase) return set;
    const codes = [letter.toLowerCase().codePointAt(0), letter.toUpperCase().codePointAt(0)];
    return codes.reduce((all, each) => all.or(range(each, each)), set);
  };
  const fail = (what) => {
    throw new Error(`${what} at ${at} of /${pattern}/`);
  };

  const either = () => {
    const ways = [sequence()];
    while (pattern[at] === '|') {
      at += 1;
      ways.push(sequence());
    }
    return ways.length === 1 ? ways[0] : { kind: 'either', ways };
  };
  const sequence = () => {
    const parts = [];
    while (at < pattern.length && pattern[at] !== '|' && pattern[at] !== ')') parts.push(quantified(atom()));
    return { kind: 'sequence', parts };
  };
  const quantified = (body) => {
    const rest = pattern.slice(at);
    const found = /^(?:[*+?]|\{\d+(?:,\d*)?\})\??/.exec(rest);
    if (found === null) return body;
    at += found[0].length;
    const [from, to] = found[0].startsWith('{') ? found[0].slice(1, found[0].indexOf('}')).split(',') : [];
    switch (found[0][0]) {
      case '*':
        return { kind: 'repeat', body, least: 0, most: Number.POSITIVE_INFINITY };
      case '+':
        return { kind: 'repeat', body, least: 1, most: Number.POSITIVE_INFINITY };
      case '?':
        return { kind: 'repeat', body, least: 0, most: 1 };
      default:
        return {
          kind: 'repeat',
          body,
          least: Number(from),
          most: to === undefined ? Number(from) : to === '' ? Number.POSITIVE_INFINITY : Number(to),
        };
    }
  };
  const atom = () => {
    const char = pattern[at];
    if (char === '^' || char === '$') {
      at += 1;
      return { kind: char === '^' ? 'start' : 'end' };
    }
    if (char === '(') return group();
    if (char === '[') return { kind: 'chars', set: charClass() };
    if (char === '.') {
      at += 1;
      return { kind: 'chars', set: flags.includes('s') ? ALL : BREAKS.not() };
    }
    if (char === '\\') return escapeSequence();
    const code = pattern.codePointAt(at);
    at += code > 0xffff ? 2 : 1;
    return { kind: 'chars', set: one(code) };
  };
  const group = () => {
    const head = /^\((?:\?(?::|<?[=!]|<[^>=!]+>))?/.exec(pattern.slice(at))[0];
    at += head.length;
    const inside = either();
    if (pattern[at] !== ')') fail('a group without end');
    at += 1;
    return /[=!]$/.test(head) ? { kind: 'look', inside } : inside;
  };
  const escapeSequence = () => {
    const next = pattern[at + 1] ?? fail('a backslash at the end');
    if (next === 'b' || next === 'B') {
      at += 2;
      return { kind: 'look', inside: { kind: 'sequence', parts: [] } };
    }
    if (/[1-9k]/.test(next)) {
      at += /^\\(?:k<[^>]*>|\d+)/.exec(pattern.slice(at))?.[0].length ?? fail('an unknown escape');
      return { kind: 'again' };
    }
    return { kind: 'chars', set: escaped() };
  };
  /** The set of the escape at `at`. */
  const escaped = () => {
    const next = pattern[at + 1];
    if (Object.hasOwn(CLASSES, next)) {
      at += 2;
      return CLASSES[next];
    }
    const property = /^\\[pP]\{[^}]*\}/.exec(pattern.slice(at));
    if (property !== null) {
      at += property[0].length;
      return ALL;
    }
    return one(codeOf());
  };
  const codeOf = () => {
    const found = /^\\(?:u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|c([A-Za-z])|([\s\S]))/.exec(
      pattern.slice(at),
    );
    if (found === null) fail('an unknown escape');
    at += found[0].length;
    const [, braced, four, two, control, other] = found;
    const hex = braced ?? four ?? two;
    if (hex !== undefined) return Number.parseInt(hex, 16);
    if (control !== undefined) return control.toUpperCase().charCodeAt(0) - 64;
    return CONTROLS[other] ?? other.codePointAt(0);
  };
  const charClass = () => {
    at += 1;
    const negated = pattern[at] === '^';
    if (negated) at += 1;
    let set = NONE;
    while (pattern[at] !== ']') {
      if (at >= pattern.length) fail('a class without end');
      const next = pattern[at + 1];
      if (pattern[at] === '\\' && (Object.hasOwn(CLASSES, next) || next === 'p' || next === 'P')) {
        set = set.or(escaped());
        continue;
      }
      const from = classCode();
      if (pattern[at] === '-' && pattern[at + 1] !== ']') {
        at += 1;
        const to = classCode();
        set = set.or(range(from, to));
        if (ignoresCase) for (let code = from; code <= Math.min(to, 127); code += 1) set = set.or(one(code));
      } else set = set.or(one(from));
    }
    at += 1;
    return negated ? set.not() : set;
  };
  const classCode = () => {
    if (pattern.startsWith('\\b', at)) {
      at += 2;
      return 8;
    }
    if (pattern[at] === '\\') return codeOf();
    const code = pattern.codePointAt(at);
    at += code > 0xffff ? 2 : 1;
    return code;
  };

  const tree = either();
  if (at < pattern.length) fail('a bracket too many');
  return tree;
}
