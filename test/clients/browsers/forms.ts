import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'puppeteer-core';
import type { Test } from 'tap';
import { builtPage } from '../playground/built-page.js';
import { MORE_METHODS, openWideService } from '../playground/wide-service.js';
import { openPageOf, schemaOf, until } from './open-page.js';
import { partsOf } from './page-parts.js';

/** The forms of the page for a service that it has never seen: every kind of field, and two hundred methods. */
export async function checkForms(t: Test, browser: Browser): Promise<void> {
  const { address, protoFile } = await openWideService(t);
  const { page, url } = await openPageOf(t, browser, {
    pageDir: await builtPage(t),
    upstream: address,
    schema: await schemaOf(protoFile),
  });
  const parts = partsOf(page);
  const { open, click, clickIn, fill, set, shown, json, shows, texts, problemOf, received, verdict } = parts;

  await t.test('the example of every method can be sent as it is', async (t) => {
    t.equal((await texts('nav a')).length, MORE_METHODS + 2);
    await open('Method200');
    await click('Call');
    await shows('OK (0)');
    await open('Echo');
    const sent = await json();
    await click('Call');
    await shows('OK (0)');
    const [answer] = await received(1);
    for (const [name, value] of Object.entries(sent)) {
      // A zero that has no presence does not come back; the service makes no difference.
      if (value !== false && value !== '') t.same(answer[name], value, name);
    }
  });

  await t.test('every control sets its field in the JSON', async (t) => {
    await fill('Request as JSON', '{}');
    for (const [name, typed, value] of [
      ['name', "it's", "it's"],
      ['small', '-7', -7],
      ['large', '9223372036854775807', '9223372036854775807'],
      ['unsigned', '18446744073709551615', '18446744073709551615'],
      ['ratio', '1.5e3', 1500],
      ['rough', 'NaN', 'NaN'],
      ['color', '2', 'RED'],
      ['created', '2024-05-01T12:00:00.123456789Z', '2024-05-01T12:00:00.123456789Z'],
      ['patience', '1.5', '1.5s'],
      ['mask', 'name,part.id', 'name,part.id'],
      ['settings', '{"a":[1]}', { a: [1] }],
      ['anything', '"text"', 'text'],
      ['maybeLarge', '12', '12'],
      ['maybe', '2', false],
      ['nickname', 'x', 'x'],
      ['rank', '3', 3],
      ['wordy', 'w', 'w'],
    ] as const) {
      await set(name, typed);
      t.same((await json())[name], value, name);
    }
    await clickIn('tags', 'Add');
    await set('tags', 'first');
    await clickIn('counts', 'Add');
    await clickIn('parts', 'Add');
    await clickIn('part', 'Add');
    t.match(await json(), { tags: ['first'], counts: { key: 0 }, parts: [{}], part: {} });
    await click('Call');
    await shows('OK (0)');
  });

  await t.test('the JSON changes the form, and keeps what the form does not know better', async (t) => {
    await fill('Request as JSON', '{"small":5,"contact":1}');
    t.equal(await shown('small'), '5');
    await fill('Request as JSON', '{"small":');
    t.same(
      await texts('.form:disabled legend, .form:not(:disabled)'),
      [],
      'while it is no JSON the form waits',
    );
    await fill('Request as JSON', '{"email":"a@b","small":6}');
    t.equal(await shown('small'), '6');
    t.equal(await shown('contact'), 'email');
    await set('contact', 'phone');
    t.same(await json(), { small: 6, phone: '0' }, 'a choice has one member');
    await set('contact', '');
    t.same(await json(), { small: 6 });
  });

  await t.test(
    'a mistake is said at its field, in the words of the gateway, and nothing is sent',
    async (t) => {
      await fill('Request as JSON', '{"name":"x"}');
      await set('small', '2147483648');
      t.equal(
        await problemOf('small'),
        'expected an integer of 32 bits, not "2147483648"'.replaceAll('"', ''),
      );
      await click('Call');
      t.match(
        await parts.alert(),
        /One field is not as the method needs it: small: expected an integer of 32 bits/,
      );
      t.equal(await page.evaluate('document.activeElement.getAttribute("aria-invalid")'), 'true');
      await set('small', '7');
      t.equal(await problemOf('small'), '');
      await fill('Request as JSON', '{}');
      t.equal(await problemOf('name'), 'the service requires it', 'advice, and no more');
      await click('Call');
      await shows('OK (0)');
      t.match(await texts('.note'), [/Only the service sets etag/]);
    },
  );

  await t.test('types within themselves, and messages of any type', async (t) => {
    await fill('Request as JSON', '{"child":{"child":{"child":{"name":"deep"}}}}');
    const folds = await page.$$eval('.message details', (found) => found.length);
    t.ok(folds < 20, `${folds} messages are made, the others when they are opened`);
    await fill('Request as JSON', '{}');
    await set('detail', 'wide.v1.Part');
    t.same((await json()).detail, { '@type': 'type.googleapis.com/wide.v1.Part' });
    await set('weight', '2.5');
    t.same((await json()).detail, { '@type': 'type.googleapis.com/wide.v1.Part', weight: 2.5 });
    await click('Call');
    await shows('OK (0)');
  });

  await t.test('bytes come from a file', async (t) => {
    const file = join(t.testdir(), 'some.bin');
    writeFileSync(file, Uint8Array.of(0xff, 0, 1));
    await fill('Request as JSON', '{}');
    await set('data', 'file');
    const input = await page.$('input[type=file]');
    await (input as unknown as { uploadFile(path: string): Promise<void> }).uploadFile(file);
    await until(async () => (await json()).data === '/wAB');
    t.pass('as base64 in the JSON');
  });

  await t.test('what a person wrote stays when another method is opened, and in a link', async (t) => {
    await fill('Request as JSON', '{"name":"kept","password":"secret"}');
    await open('Method1');
    await fill('Request as JSON', '{"id":"mine"}');
    await open('Echo');
    t.same(await json(), { name: 'kept', password: 'secret' });
    await click('Call');
    await verdict();
    const links = await page.$$eval('.history a', (found) => found.map((one) => one.getAttribute('href')));
    t.match(links[0], /^#\/wide\.v1\.Wide\/Echo\?request=%7B%22name%22%3A%22kept%22%7D$/);
    t.notMatch(await page.evaluate('JSON.stringify(localStorage)'), /secret/, 'secrets are kept nowhere');
    await page.goto('about:blank');
    await page.goto(`${url}/${links[0]}`);
    await parts.title('Echo');
    t.same(await json(), { name: 'kept' });
  });
}
