import { fileURLToPath } from 'node:url';
import type { Browser } from 'puppeteer-core';
import type { Test } from 'tap';
import { openScriptedUpstream } from '../../support/scripted-upstream.js';
import { builtPage } from '../playground/built-page.js';
import { openPageOf, schemaOf } from './open-page.js';
import { partsOf } from './page-parts.js';

const fileOf = (name: string) => fileURLToPath(new URL(`../playground/${name}`, import.meta.url));

const METHODS = [
  ...['Old', 'Names', 'Deep', 'Empty', 'Watch', 'constructor'].map((name) => `/odd.v1.Odd/${name}`),
  '/odd.v2.New/Echo',
];

const deep = (levels: number): unknown =>
  levels === 0
    ? { n: 1 }
    : { deep: deep(levels - 1), list: [{ n: levels }], map: { constructor: { n: levels } } };

/** What a service of before proto3, of an edition, and with names that languages keep for themselves is sent, and sends back. */
const REQUESTS: readonly (readonly [method: string, request: unknown])[] = [
  [
    'Old',
    {
      must: 'x',
      number: 0,
      closed: 'ONE',
      several: ['TWO', 'ONE'],
      data: { inner: 7, sure: false },
      many: [{ item: '9223372036854775807' }, {}],
      byName: { a: 'TWO' },
      chosen: { why: 'so' },
      '[odd.v1.extra]': 3,
      '[odd.v1.more]': { must: 'y', data: { sure: true } },
    },
  ],
  [
    'Names',
    {
      constructor: 'a',
      toString: 'b',
      hasOwnProperty: true,
      class: 'c',
      length: 7,
      name: 'd',
      value: 'e',
      default: 1.5,
      id: 'f',
      prototype: [1, 2],
      valueOf: { constructor: 'g', toString: 'h' },
      UPPERCase: 'i',
      '@renamed': 'j',
      delete: 'k',
    },
  ],
  ['Deep', deep(6)],
  ['Empty', {}],
  ['Watch', { constructor: 'a', length: 3 }],
  ['constructor', { name: 'n' }],
  [
    'Echo',
    {
      explicit: '',
      implicit: 3,
      must: 'm',
      delimited: { value: '1', again: { must: 'n' } },
      several: [{ value: '2' }, {}],
      expanded: [1, 2],
      closed: 'B',
      open: 'D',
      raw: 'r',
    },
  ],
];

/** Forms and answers of schemas that the page has never seen. */
export async function checkOddSchemas(t: Test, browser: Browser): Promise<void> {
  const upstream = await openScriptedUpstream(
    Object.fromEntries(METHODS.map((method) => [method, [{ echo: true as const }]])),
  );
  t.teardown(() => upstream.close());
  const schema = await schemaOf(fileOf('odd.proto'), fileOf('editions.proto'));
  t.same(schema.problems, []);
  const { page } = await openPageOf(t, browser, {
    pageDir: await builtPage(t),
    upstream: upstream.target,
    schema,
  });
  const { open, click, clickIn, fill, json, received, set, shows, tab, texts, title } = partsOf(page);

  for (const [name, request] of REQUESTS) {
    await open(name);
    await title(name);
    await fill('Request as JSON', JSON.stringify(request));
    t.same(
      await texts('article .problem:not(:empty, [hidden])'),
      [],
      `${name}: the form has no fault to find`,
    );
    t.same(await json(), request, `${name}: the form changes nothing`);
    await click('Call');
    await shows('OK (0)');
    await tab('JSON');
    t.same(await received(1), [request], `${name} comes back`);
  }

  await open('Names');
  await fill('Request as JSON', '{}');
  for (const [name, typed, value] of [
    ['constructor', 'x', 'x'],
    ['toString', 'y', 'y'],
    ['hasOwnProperty', '1', true],
    ['length', '-3', -3],
    ['default', '2.5', 2.5],
    ['@renamed', 'z', 'z'],
  ] as const) {
    await set(name, typed);
    t.same((await json())[name], value, name);
  }

  await open('Old');
  await fill('Request as JSON', '{}');
  await click('Call');
  t.match(
    (await texts('article .problem:not(:empty, [hidden])')).join(' '),
    /the field "must" of odd.v1.Old is required/,
    'what is required is asked for before it is sent',
  );
  t.equal(upstream.calls('/odd.v1.Odd/Old').length, 1);
  await set('must', 'x');
  await clickIn('data', 'Add');
  await set('sure', '1');
  t.match(await json(), { must: 'x', data: { sure: true } });

  // As deep as a person goes by hand.
  await open('Deep');
  await fill('Request as JSON', JSON.stringify(deep(60)));
  await click('Call');
  await shows('OK (0)');
  t.pass('and deeper than forms are');
}
