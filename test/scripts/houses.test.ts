import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';

interface Place {
  readonly may?: readonly string[];
  readonly rooms?: Houses;
  readonly roof?: readonly string[];
  readonly open?: boolean;
  readonly door?: boolean;
  readonly sees?: 'all';
}
interface Houses {
  readonly [name: string]: Place;
}
interface Check {
  readonly faultsOfHouses: (root: string, houses?: Houses) => string[];
  readonly pictureOf: (houses?: Houses) => string;
  readonly withPicture: (text: string, houses?: Houses) => string;
}

// The scripts of the repository are JavaScript without types.
const load = (name: string): Promise<unknown> =>
  import(new URL(`../../scripts/${name}`, import.meta.url).href);
const { faultsOfHouses, pictureOf, withPicture } = (await load('check-houses.mjs')) as Check;
const { HOUSES } = (await load('houses.mjs')) as { HOUSES: Houses };

const SMALL: Houses = {
  test: { sees: 'all' },
  bin: { may: ['gateway', 'grpc-core'] },
  gateway: {
    rooms: {
      surfaces: {
        may: ['wire', 'status'],
        rooms: { http: { may: ['message'] }, message: { may: ['.'] }, '.': {} },
      },
      wire: { may: ['status'], rooms: { '.': {}, session: { door: true } } },
      status: {},
    },
  },
  'grpc-core': { may: ['proto'] },
  clients: { may: ['proto'], rooms: { browser: { open: true } } },
  proto: { open: true },
};

/** Every place of `SMALL`, every arrow used once, nothing wrong. */
const SOUND: Readonly<Record<string, string>> = {
  'test/status.test.ts': `import '../gateway/status/code.js';\nimport '../clients/browser/call.js';`,
  'bin/main.ts': `import '../gateway/index.js';\nimport '../grpc-core/index.js';`,
  'gateway/index.ts': `export * from './surfaces/index.js';`,
  'gateway/surfaces/index.ts': `export * from './http/index.js';`,
  'gateway/surfaces/limits.ts': `import { text } from '../wire/index.js';\nexport const limits = [text];`,
  'gateway/surfaces/http/index.ts': `export * from './answer.js';`,
  'gateway/surfaces/http/answer.ts': `import { text } from '../message/index.js';\nimport { Code } from '../../status/index.js';\nexport const answer = [text, Code];`,
  'gateway/surfaces/message/index.ts': `export * from './text.js';`,
  'gateway/surfaces/message/text.ts': `import { limits } from '../limits.js';\nexport const text = limits;`,
  'gateway/wire/index.ts': `import { Code } from '../status/index.js';\nexport const text = Code;`,
  'gateway/wire/session/index.ts': `export const frame = 1;`,
  'gateway/wire/session/frame.ts': `export const inner = 1;`,
  'gateway/status/index.ts': `export * from './code.js';`,
  'gateway/status/code.ts': `export const Code = 1;\nexport interface Status { readonly code: number }`,
  'grpc-core/index.ts': `import type { Item } from '../proto/types.js';\nexport const core: Item[] = [];`,
  'clients/browser/call.ts': `import type { Item } from '../../proto/types.js';\nexport const items: Item[] = [];`,
  'proto/types.ts': `export interface Item { readonly id: number }`,
};

/** The faults of the sound tree with these files written over it, or added. */
function faults(t: Test, changes: Readonly<Record<string, string>> = {}, houses = SMALL): string[] {
  const root = t.testdir();
  for (const [path, text] of Object.entries({ ...SOUND, ...changes })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), `${text}\n`);
  }
  return faultsOfHouses(root, houses);
}

t.test('a tree that keeps to the table has no fault', async (t) => {
  t.same(faults(t), []);
});

/** One planted import, and what is said of it. */
const PLANTED: readonly [what: string, path: string, text: string, fault: RegExp][] = [
  [
    'upward',
    'gateway/status/x.ts',
    `import '../wire/index.js';`,
    /gateway\/status must not import gateway\/wire/,
  ],
  [
    'upward, from a room',
    'gateway/wire/session/x.ts',
    `import '../../surfaces/index.js';`,
    /must not import gateway\/surfaces/,
  ],
  [
    'between rooms',
    'gateway/surfaces/message/x.ts',
    `import '../http/index.js';`,
    /message must not import gateway\/surfaces\/http/,
  ],
  [
    'into the roof of its folder',
    'gateway/surfaces/http/x.ts',
    `import '../index.js';`,
    /puts the rooms of gateway\/surfaces together/,
  ],
  [
    'files beside rooms into a room',
    'gateway/surfaces/x.ts',
    `import './http/index.js';`,
    /must not import gateway\/surfaces\/http/,
  ],
  [
    'a room that may not into the files beside',
    'gateway/surfaces/http/x.ts',
    `import '../limits.js';`,
    /http must not import gateway\/surfaces\/\./,
  ],
  [
    'deep',
    'gateway/wire/x.ts',
    `import { Code } from '../status/code.js';`,
    /code\.ts is inside gateway\/status: from outside, import gateway\/status\/index\.ts/,
  ],
  [
    'deep, into a room of another folder',
    'gateway/surfaces/http/x.ts',
    `import '../../wire/session/frame.js';`,
    /frame\.ts is inside gateway\/wire/,
  ],
  [
    'deep, into a room beside',
    'gateway/surfaces/http/x.ts',
    `import '../message/text.js';`,
    /text\.ts is inside gateway\/surfaces\/message/,
  ],
  [
    'deep, into the house',
    'bin/x.ts',
    `import '../gateway/status/index.js';`,
    /is inside gateway: from outside, import gateway\/index\.ts/,
  ],
  [
    'the core the gateway',
    'grpc-core/x.ts',
    `import '../gateway/index.js';`,
    /grpc-core must not import gateway/,
  ],
  [
    'the gateway the core',
    'gateway/wire/x.ts',
    `import '../../grpc-core/index.js';`,
    /gateway must not import grpc-core/,
  ],
  [
    'a client the gateway',
    'clients/browser/x.ts',
    `import '../../gateway/index.js';`,
    /clients must not import gateway/,
  ],
  [
    'the gateway a client',
    'gateway/status/x.ts',
    `import '../../clients/browser/call.js';`,
    /gateway must not import clients/,
  ],
  ['a test', 'gateway/status/x.ts', `import '../../test/status.test.js';`, /gateway must not import test/],
  [
    'by type',
    'gateway/status/x.ts',
    `import type { limits } from '../surfaces/index.js';`,
    /must not import gateway\/surfaces/,
  ],
  [
    'by inline type',
    'gateway/status/x.ts',
    `import { type limits } from '../surfaces/index.js';`,
    /must not import gateway\/surfaces/,
  ],
  [
    'by a type in place',
    'gateway/status/x.ts',
    `export type X = import('../surfaces/index.js').X;`,
    /must not import gateway\/surfaces/,
  ],
  [
    'dynamic',
    'gateway/status/x.ts',
    `export const x = () => import('../surfaces/index.js');`,
    /must not import gateway\/surfaces/,
  ],
  [
    'dynamic, deep',
    'gateway/wire/x.ts',
    `export const x = () => import('../status/code.js');`,
    /is inside gateway\/status/,
  ],
  ['dynamic, computed', 'gateway/wire/x.ts', `export const x = (name: string) => import(name);`, /computed/],
  [
    'required',
    'gateway/status/x.ts',
    `export const x = require('../surfaces/index.js');`,
    /must not import gateway\/surfaces/,
  ],
  [
    'all passed on',
    'gateway/status/x.ts',
    `export * from '../surfaces/index.js';`,
    /must not import gateway\/surfaces/,
  ],
  [
    'all passed on, deep',
    'gateway/wire/x.ts',
    `export * from '../status/code.js';`,
    /is inside gateway\/status/,
  ],
  [
    'some passed on',
    'gateway/status/x.ts',
    `export { limits } from '../surfaces/index.js';`,
    /must not import gateway\/surfaces/,
  ],
  [
    'a type passed on',
    'gateway/status/x.ts',
    `export type { limits } from '../surfaces/index.js';`,
    /must not import gateway\/surfaces/,
  ],
  [
    'a spelling without an ending',
    'gateway/wire/x.ts',
    `import '../status/code';`,
    /is inside gateway\/status/,
  ],
  [
    'the source by its own ending',
    'gateway/wire/x.ts',
    `import '../status/code.ts';`,
    /is inside gateway\/status/,
  ],
  [
    'a way round',
    'gateway/wire/x.ts',
    `import '../../gateway/wire/../status/code.js';`,
    /is inside gateway\/status/,
  ],
  ['nowhere', 'gateway/wire/x.ts', `import '../status/gone.js';`, /leads to no file/],
  ['out of the houses', 'gateway/wire/x.ts', `import '../../other/x.js';`, /outside of the houses/],
  [
    'a module of JavaScript',
    'gateway/status/x.mjs',
    `import '../surfaces/index.js';`,
    /must not import gateway\/surfaces/,
  ],
  [
    'required, by a property',
    'gateway/status/x.ts',
    `export const x = module.require('../surfaces/index.js');`,
    /must not import gateway\/surfaces/,
  ],
  [
    'required, as a namespace',
    'gateway/status/x.ts',
    `import x = require('../surfaces/index.js');`,
    /must not import gateway\/surfaces/,
  ],
  [
    'all passed on under a name',
    'gateway/status/x.ts',
    `export * as x from '../surfaces/index.js';`,
    /must not import gateway\/surfaces/,
  ],
  [
    'its resolved address',
    'gateway/status/x.ts',
    `export const x = import.meta.resolve('../surfaces/index.js');`,
    /must not import gateway\/surfaces/,
  ],
  [
    'its URL',
    'gateway/status/x.ts',
    `new Worker(new URL('../surfaces/index.js', import.meta.url));`,
    /must not import gateway\/surfaces/,
  ],
  [
    'its types widened',
    'gateway/status/x.ts',
    `declare module '../surfaces/index.js' { interface X {} }`,
    /must not import gateway\/surfaces/,
  ],
  [
    'a reference',
    'gateway/status/x.ts',
    `/// <reference path="../surfaces/index.ts" />`,
    /must not import gateway\/surfaces/,
  ],
  [
    'by a type in a comment',
    'gateway/status/x.mjs',
    `/** @type {import('../surfaces/index.js').X} */ export let x;`,
    /must not import gateway\/surfaces/,
  ],
  [
    'in declarations',
    'gateway/status/x.d.ts',
    `import type { X } from '../surfaces/index.js';`,
    /must not import gateway\/surfaces/,
  ],
  [
    'in a module with the ending cjs',
    'gateway/status/x.cjs',
    `require('../surfaces/index.js');`,
    /must not import gateway\/surfaces/,
  ],
  [
    'in a module with the ending cts',
    'gateway/status/x.cts',
    `require('../surfaces/index.js');`,
    /must not import gateway\/surfaces/,
  ],
  [
    'in a module with the ending tsx',
    'gateway/status/x.tsx',
    `import '../surfaces/index.js';`,
    /must not import gateway\/surfaces/,
  ],
  [
    'in a module with the ending jsx',
    'gateway/status/x.jsx',
    `import '../surfaces/index.js';`,
    /must not import gateway\/surfaces/,
  ],
  [
    'in a module with the ending mts',
    'gateway/status/x.mts',
    `import '../surfaces/index.js';`,
    /must not import gateway\/surfaces/,
  ],
  ['createRequire', 'gateway/wire/x.ts', `import { createRequire } from 'node:module';`, /computed/],
  [
    'an absolute path',
    'gateway/wire/x.ts',
    `import '/gateway/status/code.js';`,
    /neither a package nor a relative path/,
  ],
  [
    'a file URL',
    'gateway/wire/x.ts',
    `import 'file:///gateway/status/code.js';`,
    /neither a package nor a relative path/,
  ],
  [
    'a data URL',
    'gateway/wire/x.ts',
    `import 'data:text/javascript,1';`,
    /neither a package nor a relative path/,
  ],
  [
    'a name of package.json',
    'gateway/wire/x.ts',
    `import '#status';`,
    /neither a package nor a relative path/,
  ],
  [
    'the package itself',
    'gateway/wire/x.ts',
    `import 'sluice/dist/gateway/status/code.js';`,
    /neither a package nor a relative path/,
  ],
  [
    'a folder without a place',
    'gateway/status/new/x.ts',
    `export const x = 1;`,
    /gateway\/status\/new is not in the table/,
  ],
];

for (const [what, path, text, fault] of PLANTED) {
  t.test(`an import is refused: ${what}`, async (t) => {
    const found = faults(t, { [path]: `// The second line.\n${text}`, 'other/x.ts': '' });
    t.match(found, [fault], found.join('\n'));
    t.equal(found.length, 1);
    const line = fault.source.includes('not in the table') ? '' : ':2';
    t.ok(found[0]?.startsWith(`${path}${line}: `));
  });
}

t.test('a module of more than 300 lines is refused, but not in tests', async (t) => {
  const lines = (count: number) => Array.from({ length: count }, () => '//').join('\n');
  t.same(faults(t, { 'gateway/wire/x.ts': lines(300), 'test/x.test.ts': lines(400) }), []);
  t.match(faults(t, { 'gateway/wire/x.ts': lines(301) }), [/^gateway\/wire\/x\.ts: 301 lines/]);
});

t.test('packages and modules of Node are no business of the table', async (t) => {
  const text = `import 'node:fs';\nimport 'ws';\nimport '@bufbuild/protobuf/wkt';\nimport 'sluice-like';`;
  t.same(faults(t, { 'gateway/wire/x.ts': text }), []);
});

t.test('a door is entered from outside of its folder, through its index only', async (t) => {
  const http = 'gateway/surfaces/http/x.ts';
  t.same(faults(t, { [http]: `import '../../wire/session/index.js';` }), []);
  t.match(faults(t, { [http]: `import '../../wire/session/frame.js';` }), [/is inside/]);
  t.match(faults(t, { 'gateway/status/x.ts': `import '../wire/session/index.js';` }), [/must not import/]);
});

t.test('a circle of modules is refused, within a folder and by type as well', async (t) => {
  const circle = (form: string) => ({
    'gateway/wire/a.ts': `${form} { B } from './b.js';\nexport type A = B;`,
    'gateway/wire/b.ts': `import './c.js';\nexport type B = 1;`,
    'gateway/wire/c.ts': `import type { A } from './a.js';\nexport type C = A;`,
  });
  t.match(faults(t, circle('import type')), [
    /a circle: gateway\/wire\/a\.ts -> gateway\/wire\/b\.ts -> gateway\/wire\/c\.ts -> gateway\/wire\/a\.ts/,
  ]);
  t.match(faults(t, circle('import')), [/a circle/]);
});

t.test('a table with an arrow up, in a circle, to nowhere or to itself is refused', async (t) => {
  const { status, wire, surfaces } = SMALL.gateway?.rooms ?? {};
  t.ok(status && wire && surfaces);
  const withRooms = (rooms: Record<string, Place | undefined>) => ({
    ...SMALL,
    gateway: { rooms: rooms as Houses },
  });
  t.match(
    faults(t, {}, withRooms({ surfaces, status: { may: ['wire'] }, wire })),
    [/gateway\/status -> gateway\/wire/, /gateway\/wire -> gateway\/status goes up, or in a circle/].slice(1),
  );
  t.match(faults(t, {}, withRooms({ surfaces, wire, status: { may: ['wire'] } })), [/in a circle/]);
  t.match(faults(t, {}, withRooms({ surfaces, wire, status: { may: ['status'] } })), [/in a circle/]);
  t.match(faults(t, {}, withRooms({ surfaces, wire, status: { may: ['ops'] } })), [/there is no such place/]);
});

t.test('an arrow that no import uses is refused: the picture shows what is', async (t) => {
  t.match(faults(t, { 'gateway/wire/index.ts': `export const text = 1;` }), [
    /no import uses the arrow gateway\/wire -> gateway\/status/,
  ]);
  t.match(faults(t, { 'gateway/surfaces/message/text.ts': `export const text = 1;` }), [
    /no import uses the arrow gateway\/surfaces\/message -> gateway\/surfaces\/\./,
  ]);
});

t.test('the picture has every place of the table and all its arrows', async (t) => {
  const picture = pictureOf(SMALL);
  t.match(picture, /^ {4}bin\/ +gateway, grpc-core$/m);
  t.match(picture, /^ {8}http\/ +message$/m);
  t.match(picture, /^ {8}message\/ +\(files\)$/m);
  t.match(picture, /^ {4}test\/ +everything$/m);
  t.equal(picture.trim().split('\n').length, 15);
});

t.test('the picture in docs/architecture.md is that of the table, and a stale one is noticed', async (t) => {
  const text = readFileSync(new URL('../../docs/architecture.md', import.meta.url), 'utf8');
  t.equal(withPicture(text), text, 'stale: run `npm run fix`');
  const stale = text.replace(/^ {6}bridge\/ .*$/m, '      bridge/   server');
  t.not(stale, text);
  t.equal(withPicture(stale), text);
  t.not(withPicture(text, SMALL), text);
  t.throws(() => withPicture('no place for it'), /no place for the picture/);
});

t.test('the table has the houses and rooms of the repository', async (t) => {
  t.match(Object.keys(HOUSES).sort(), ['bin', 'clients', 'gateway', 'grpc-core', 'proto', 'scripts', 'test']);
  for (const room of ['http', 'method', 'load', 'base', 'describe', 'source']) {
    t.ok(HOUSES.gateway?.rooms?.schema?.rooms?.[room], room);
  }
  t.notOk(HOUSES['grpc-core']?.may?.includes('gateway'));
  t.notOk(HOUSES.clients?.may?.includes('gateway'));
});
