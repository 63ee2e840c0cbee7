import t from 'tap';

interface Judge {
  readonly faultOfExpression: (pattern: string, flags?: string) => string | undefined;
}
interface Check {
  readonly faultsOfSource: (name: string, text: string, allowed?: Map<string, string>) => string[];
}

// The scripts of the repository are JavaScript without types.
const load = (name: string): Promise<unknown> =>
  import(new URL(`../../scripts/${name}`, import.meta.url).href);
const { faultOfExpression } = (await load('expressions.mjs')) as Judge;
const { faultsOfSource } = (await load('check-expressions.mjs')) as Check;

const EVERYWHERE = /tried at each place/;
const TWO = /take the same characters/;
const NESTED = /within an endless repetition/;

const BAD: [RegExp, RegExp][] = [
  [/0+$/, EVERYWHERE],
  [/\.?0+$/, EVERYWHERE],
  [/=+$/, EVERYWHERE],
  [/\s+$/, EVERYWHERE],
  [/[ \t]*$/, EVERYWHERE],
  [/\/+$/g, EVERYWHERE],
  [/\s*\n/, EVERYWHERE],
  [/[^,]*;/, EVERYWHERE],
  [/.*x/, EVERYWHERE],
  [/<[^>]*>/, EVERYWHERE],
  [/"(?:[^"\\]|\\.)*"/, EVERYWHERE],
  [/a{2,}$/, EVERYWHERE],
  [/(?:0)+$/, EVERYWHERE],
  [/(?:^|x)\s+$|\d+;/, EVERYWHERE],
  [/aa*$/, EVERYWHERE],
  [/\d+(?=;)/, EVERYWHERE],
  [/\w+\b-/, EVERYWHERE],
  [/^\d+\d+$/, TWO],
  [/^\s*\s*$/, TWO],
  [/^(\d+)\.?(\d+)$/, TWO],
  [/^.*,.*;$/, TWO],
  [/^[\w.]*\w+@$/, TWO],
  [/^\s*(?:x)?\s*$/, TWO],
  [/^(a+)+$/, NESTED],
  [/^(a*)*$/, NESTED],
  [/^(?:a|ab)*$/, NESTED],
  [/^(?:\w+\s?)*$/, NESTED],
  [/^(?:\s*,\s*x)*$/, NESTED],
  [/^(?:[^"]|\\.)*$/, NESTED],
  [/(.*)*x/, NESTED],
];

const GOOD: RegExp[] = [
  /^0+$/,
  /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/,
  /^[\t -~]*$/,
  /^(\d{1,8})([HMSmun])$/,
  /^\d+/,
  /\d+/g,
  /[^\s,]+/,
  /:[0-9]+$/,
  /\n[ \t]*\*?/g,
  /[A-Z]/g,
  /%[0-9a-fA-F]{2}/g,
  /\r\n|\r|\n/,
  /^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*$/,
  /^(?:[^"\\]|\\.)*$/,
  /^https?:\/\/[^/?#]*/i,
  /^text\/event-stream\s*(;|$)/i,
  /0+$/y,
  /[ \t]+/y,
  /^a{1,40}b{1,40}$/,
  /_([a-z])/g,
  /^(?:1|yes|no)$/i,
  /\p{Surrogate}/u,
  /,(?: [a-z]+)/,
];

t.test('what may cost the square of its text is refused, with the reason', async (t) => {
  for (const [expression, reason] of BAD)
    t.match(faultOfExpression(expression.source, expression.flags) ?? 'nothing', reason, String(expression));
});

t.test('what costs its length is not', async (t) => {
  for (const expression of GOOD)
    t.equal(faultOfExpression(expression.source, expression.flags), undefined, String(expression));
});

t.test('an expression is found wherever a source has one', async (t) => {
  const faults = (text: string, allowed = new Map<string, string>()) => faultsOfSource('x.ts', text, allowed);
  t.match(faults('const a = 1;\nconst b = text.replace(/0+$/, "");'), [/^2: \/0\+\$\/: an endless/]);
  t.match(faults('const a = new RegExp("0+$", "g");'), [/^1: \/0\+\$\/g: an endless/]);
  t.match(faults('const a = RegExp(`0+$`);'), [/an endless/]);
  t.match(faults('const a = new RegExp(given);'), [/made while the program runs/]);
  t.match(faults('for (const a of b.split(/\\s+$/)) c(a);'), [/an endless/]);
  t.same(faults('// text.replace(/0+$/, "")\nconst a = "/0+$/";'), [], 'a comment and a string have none');
  t.same(faults('const a = /0+$/;', new Map([['/0+$/', 'the reason']])), [], 'what is allowed by name');
  t.match(faults('list.push(...other);'), [/push\(\.\.\.list\) overflows/]);
  t.match(faults('String.fromCharCode(...bytes); Math.max(1, ...list);'), [/fromCharCode/, /max/]);
  t.same(faults('list.push(other); const copy = [...list]; call(...list);'), []);
});
