import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import ts from 'typescript';

interface Check {
  readonly faultsOfNames: (
    root: string,
    folder?: string,
    allowedNames?: ReadonlyMap<string, string>,
    allowedFiles?: ReadonlyMap<string, string>,
  ) => string[];
  readonly faultsOfCasing: (source: ts.SourceFile) => string[];
}

// The scripts of the repository are JavaScript without types.
const { faultsOfNames, faultsOfCasing } = (await import(
  new URL('../../scripts/check-names.mjs', import.meta.url).href
)) as Check;

function tree(t: Test, files: Readonly<Record<string, string>>): string {
  const root = t.testdir();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const ENTRANCES = new Map([['index.ts', 'the entrance of a folder']]);

t.test('a name that two modules export is refused, whatever it is', async (t) => {
  const first = `export const both = 1;`;
  for (const second of [
    `export const both = 2;`,
    `export let both = 2;`,
    `export function both() {}`,
    `export async function* both() {}`,
    `export class both {}`,
    `export abstract class both {}`,
    `export interface both { readonly x: number }`,
    `export type both = number;`,
    `export enum both { A }`,
    `export declare const both: number;`,
    `const x = 1;\nexport { x as both };`,
    `type X = 1;\nexport type { X as both };`,
    `export const { both } = { both: 1 };`,
    `export const [both] = [1];`,
    `export const { a: { both = 1 } } = { a: {} };`,
  ]) {
    const root = tree(t, { 'gateway/a/one.ts': first, 'gateway/b/two.ts': second });
    t.same(
      faultsOfNames(root, 'gateway', new Map(), new Map()),
      ['both is exported by several modules: gateway/a/one.ts, gateway/b/two.ts'],
      second,
    );
  }
});

t.test('what a module passes on, keeps, or gives twice itself is no second name', async (t) => {
  const root = tree(t, {
    'gateway/a/one.ts': `export const both = 1;\nexport type both = typeof both;`,
    'gateway/a/index.ts': `export { both } from './one.js';`,
    'gateway/index.ts': `export * from './a/index.js';`,
    'gateway/b/two.ts': `const both = 2;\nexport const other = both;`,
    'grpc-core/three.ts': `export const both = 3;`,
  });
  t.same(faultsOfNames(root, 'gateway', new Map(), ENTRANCES), []);
});

t.test('a file name of two modules is refused, but for the entrances of folders', async (t) => {
  const root = tree(t, {
    'gateway/a/one.ts': '',
    'gateway/b/one.ts': '',
    'gateway/a/index.ts': '',
    'gateway/b/index.ts': '',
  });
  t.same(faultsOfNames(root, 'gateway', new Map(), ENTRANCES), [
    'one.ts is the name of several files: gateway/a/one.ts, gateway/b/one.ts',
  ]);
});

t.test('an exception counts as long as it is needed', async (t) => {
  const twice = { 'gateway/a.ts': 'export const x = 1;', 'gateway/b.ts': 'export const x = 2;' };
  const allowed = new Map([['x', 'a reason']]);
  t.same(faultsOfNames(tree(t, twice), 'gateway', allowed, new Map()), []);
  const once = tree(t, { 'gateway/a.ts': 'export const x = 1;', 'gateway/b.ts': 'export const y = 2;' });
  t.same(faultsOfNames(once, 'gateway', allowed, new Map()), [
    'x is allowed to stand several times and does not',
  ]);
});

function casing(text: string): string[] {
  return faultsOfCasing(ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest, true));
}

t.test('constants of a module are in upper case', async (t) => {
  for (const value of [
    '5',
    '-5',
    '5n',
    `'text'`,
    '`text`',
    'true',
    '/x/',
    '64 * 1024',
    '2 ** 31 - 1',
    '4 * KIB',
    '(1 + 2)',
    `'a' as const`,
    `['a'] as const`,
    `{ a: 1 } as const`,
    `{ a: 1 } as const satisfies object`,
    'Object.freeze({ a: 1 })',
    `new Set(['a'])`,
    `new Map([['a', 1]])`,
  ]) {
    t.same(
      casing(`\nconst someName = ${value};`),
      ['2: someName is a constant of the module: UPPER_SNAKE_CASE'],
      value,
    );
    t.same(casing(`export const someName: unknown = ${value};`).length, 1, value);
    t.same(casing(`const SOME_NAME = ${value};`), [], value);
  }
});

t.test(
  'what is made, kept or changed has its own casing, and so has what is inside of a function',
  async (t) => {
    for (const text of [
      'const known = new Map();',
      'const known = new WeakMap<object, string>();',
      'const list: string[] = [];',
      'const make = () => 5;',
      'const schema = z.object({});',
      'const state = { count: 0 };',
      'const buffer = Buffer.alloc(5);',
      'let count = 0;',
      'function f() { const count = 5; return count; }',
      'export const Code = { OK: 0 } as const;',
      'export const Level = Object.freeze({ A: 1 });',
      'const { a } = { a: 1 };',
    ]) {
      t.same(casing(text), [], text);
    }
  },
);
