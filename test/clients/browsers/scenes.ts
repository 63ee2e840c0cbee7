import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import type { Browser, Page } from 'puppeteer-core';
import type { Test } from 'tap';
import { openGateway } from '../../../gateway/index.js';
import { openCore } from '../../../grpc-core/index.js';
import { closeInTeardown } from '../../support/given-back.js';
import { faultsIn } from './axe.js';
import { goTo, openTab } from './open-browser.js';

const log = pino({ level: 'silent' });
const SCENES = ['market', 'logs', 'files', 'sensors', 'batch', 'chat', 'game', 'editor', 'data'];

// Scenes import the browser client as `npm test` has built it.
const PAGES = fileURLToPath(new URL('../../../dist/clients', import.meta.url));
const sourceOf = (name: string) =>
  readFileSync(new URL(`../../../clients/scenes/${name}`, import.meta.url), 'utf8');

/** What a person does on a page; events are the page's own, so nothing has to stand still. */
function handsOn(page: Page) {
  return {
    text: (selector: string) => page.$eval(selector, (one) => one.textContent ?? ''),
    press: (selector: string) => page.$eval(selector, (one) => (one as unknown as { click(): void }).click()),
    set: (selector: string, value: string) =>
      page.$eval(
        selector,
        (one, given) => {
          (one as unknown as { value: string }).value = given;
          one.dispatchEvent(new Event('input', { bubbles: true }));
        },
        value,
      ),
    /** Waits until the text of an element fits. */
    shows: (selector: string, pattern: string) =>
      page.waitForFunction(
        (where: string, what: string) =>
          new RegExp(what).test(
            (
              globalThis as unknown as {
                document: { querySelector(s: string): { textContent: string } | null };
              }
            ).document.querySelector(where)?.textContent ?? '',
          ),
        { polling: 50 },
        selector,
        pattern,
      ),
    /** Waits until the value of an input fits. */
    holds: (selector: string, pattern: string) =>
      page.waitForFunction(
        (where: string, what: string) =>
          new RegExp(what).test(
            (
              globalThis as unknown as { document: { querySelector(s: string): { value: string } | null } }
            ).document.querySelector(where)?.value ?? '',
          ),
        { polling: 50 },
        selector,
        pattern,
      ),
  };
}

/** The scenes of the core, each driven as a person would. */
export async function checkScenes(t: Test, browser: Browser): Promise<void> {
  const core = await openCore({ listen: '127.0.0.1:0', dataDir: t.testdir(), log, dataIntervalMs: 20 });
  t.teardown(() => core.close());
  const gateway = await openGateway({
    upstream: core.address,
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    pageDir: PAGES,
    graceMs: 100,
    log,
  });
  closeInTeardown(t, gateway);

  const open = async (t: Test, name: string) => {
    const page = await openTab(browser);
    t.teardown(() => page.close().catch(() => undefined));
    page.on('pageerror', (error) => t.fail(`${name} threw ${error}`));
    page.on('console', (line) => {
      if (/Content.Security.Policy/i.test(line.text())) t.fail(line.text());
    });
    await goTo(t, page, `${gateway.url}/_sluice/page/scenes/${name}.html`, `/_sluice/page/scenes/${name}.js`);
    return { page, ...handsOn(page) };
  };

  await t.test('each scene is small, and links the others', async (t) => {
    for (const name of SCENES) {
      const lines = sourceOf(`${name}.ts`).split('\n').length;
      t.ok(lines <= 150, `${name}.ts has ${lines} lines`);
      t.notMatch(sourceOf(`${name}.ts`), /playground/, `${name} uses the public client alone`);
      t.notMatch(
        sourceOf(`${name}.html`),
        /<script(?! type="module" src=)|style=|onclick/,
        `${name}: nothing inline`,
      );
    }
    const { page } = await open(t, 'market');
    const links = await page.$$eval('#scenes a', (all) => all.map((one) => one.getAttribute('href')));
    t.same(links, ['../../../', ...SCENES.map((name) => `${name}.html`)]);
    await goTo(t, page, gateway.url, '/_sluice/page/playground/page.js');
    await page.waitForSelector('.scenes a');
    const all = await page.$$eval('.scenes a', (found) => found.map((one) => one.getAttribute('href')));
    t.same(
      all,
      SCENES.map((name) => `_sluice/page/scenes/${name}.html`),
    );
  });

  await t.test('each scene is for everyone', async (t) => {
    for (const name of SCENES) {
      const { page } = await open(t, name);
      for (const [width, height] of [
        [1200, 800],
        [390, 844],
      ] as const) {
        await page.setViewport({ width, height });
        t.same(await faultsIn(page), [], `${name} at ${width}`);
        const isWide = await page.evaluate('document.documentElement.scrollWidth > innerWidth');
        t.equal(isWide, false, `${name}: nothing is wider than ${width}`);
      }
      await page.close();
    }
  });

  await t.test('market: prices of the symbols that are watched', async (t) => {
    const { shows, set, press, page } = await open(t, 'market');
    await shows('#prices', 'AAPL[\\s\\S]*MSFT[\\s\\S]*GOOG');
    await set('#symbols', 'ACME');
    await press('#watch button');
    await shows('#prices', '^ACME\\d');
    await page.waitForSelector('#chart polyline[points]');
    await shows('#chart', '\\d %[\\s\\S]*\\d+ s ago');
    await press('#stop');
    await shows('#status', 'stopped');
  });

  await t.test('logs: entries come, and a page that holds loses none', async (t) => {
    const { shows, press, page } = await open(t, 'logs');
    await shows('#entries', 'INFO|WARN|ERROR');
    await press('#hold');
    await shows('#status', 'held');
    await press('#hold');
    await shows('#status', 'following');
    await page.$eval('#follow', (one) => {
      (one as unknown as { checked: boolean }).checked = false;
    });
    await press('#tail button');
    await shows('#status', 'the log ended after \\d+ entries');
  });

  await t.test('files: up, compared, and down again', async (t) => {
    const { shows, press, page } = await open(t, 'files');
    const [input] = await page.$$('#file');
    const file = t.testdir({ 'a b.txt': 'hello from a file' });
    await (input as unknown as { uploadFile(...files: string[]): Promise<void> }).uploadFile(
      `${file}/a b.txt`,
    );
    await press('#send button');
    await shows('#status', 'the checksums are equal');
    const [link] = await page.$$eval('#shelf a', (all) => all.map((one) => one.getAttribute('href') ?? ''));
    const back = await fetch(String(link));
    t.equal(await back.text(), 'hello from a file');
  });

  await t.test('sensors: what is sent is in the summary', async (t) => {
    const { shows, press } = await open(t, 'sensors');
    await press('#reading button');
    await press('#many');
    await shows('#sent', '^101$');
    await press('#finish');
    await shows('#totalReadings', '^101$');
    await shows('#avgTemperature', '^2\\d(\\.\\d+)?$');
  });

  await t.test('batch: each item has its result', async (t) => {
    const { shows, press, set, text } = await open(t, 'batch');
    await set('#type', 'json');
    await press('#batch button');
    await shows('#result', '3 processed: 1 succeeded, 2 failed');
    t.match(await text('#rows'), /hellofailed2\{"valid": "json"\}succeeded3not jsonfailed/);
  });

  await t.test('chat: two windows in one room', async (t) => {
    const ann = await open(t, 'chat');
    const bob = await open(t, 'chat');
    await bob.set('#name', 'bob');
    await ann.press('#join button');
    await ann.shows('#status', 'in lobby');
    await bob.press('#join button');
    await ann.shows('#messages', 'bob has joined');
    await ann.shows('#people', 'ann[\\s\\S]*bob|bob[\\s\\S]*ann');
    await bob.shows('#status', 'in lobby');
    await bob.set('#text', '<b>hello</b>');
    await bob.press('#send');
    await ann.shows('#messages', 'bob: <b>hello</b>');
    await bob.press('#leave');
    await ann.shows('#messages', 'bob has left');
    await ann.shows('#people', '^ann\\s*$');
  });

  await t.test('game: what one player does the other sees', async (t) => {
    const ann = await open(t, 'game');
    const bob = await open(t, 'game');
    await bob.set('#player', 'bob');
    await ann.press('#join button');
    await ann.shows('#players', 'ann');
    await bob.press('#join button');
    await ann.shows('#players', 'bob 100');
    await bob.press('[data-dx="1"]');
    await ann.shows('#players', 'bob 10001,0');
    await ann.page.select('#target', 'bob');
    await ann.press('[data-action=ATTACK]');
    await bob.shows('#players', 'bob 90');
    t.match(await ann.page.$eval('#board', (one) => one.getAttribute('aria-label')), /bob at 1,0/);
  });

  await t.test('editor: both panes end up with the same text', async (t) => {
    const { page, holds, shows } = await open(t, 'editor');
    await page.waitForSelector('#left:enabled');
    await page.waitForSelector('#right:enabled');
    await Promise.all([page.type('#left', 'one two '), shows('#people', 'ann[\\s\\S]*bob|bob[\\s\\S]*ann')]);
    await holds('#right', '^one two $');
    await page.type('#right', 'three');
    await holds('#left', '^one two three$');
    // By events alone, as fast as they can, on both sides at once: every third time the first letter goes.
    await page.evaluate(() => {
      const { document } = globalThis as unknown as {
        document: { getElementById(id: string): { value: string; dispatchEvent(event: Event): void } };
      };
      for (let round = 0; round < 20; round += 1) {
        for (const id of ['left', 'right']) {
          const area = document.getElementById(id);
          area.value = round % 3 === 2 ? area.value.slice(1) : `${area.value} ${id[0]}${round}`;
          area.dispatchEvent(new Event('input', { bubbles: true }));
        }
      }
    });
    await page.waitForFunction(
      () => {
        const { document } = globalThis as unknown as {
          document: { getElementById(id: string): { value: string } };
        };
        const [left, right] = ['left', 'right'].map((id) => document.getElementById(id).value);
        return left === right && left?.includes('l19') === true && left.includes('r19');
      },
      { polling: 50 },
    );
    const rounds = Array.from({ length: 20 }, (_, round) => round).filter((round) => round % 3 !== 2);
    const [first, second, ...words] = (
      await page.$eval('#left', (one) => String(Reflect.get(one, 'value')))
    ).split(' ');
    t.equal(`${first} ${second}`, 'o three', 'what both took away went once');
    t.same(
      words.sort(),
      [...rounds.map((round) => `l${round}`), ...rounds.map((round) => `r${round}`)].sort(),
    );
  });

  await t.test('data: a cut leaves nothing missing and nothing twice, and the brake holds', async (t) => {
    const { set, press, shows, text } = await open(t, 'data');
    await press('#start button');
    await shows('#taken', '\\d\\d');
    await press('#cut');
    await shows('#resumed', 'after \\d+, with \\d+');
    const [, after, first] = /after (\d+), with (\d+)/.exec(await text('#resumed')) ?? [];
    t.equal(Number(first), Number(after) + 1);
    t.same([await text('#missing'), await text('#twice')], ['0', '0']);
    await set('#brake', '0');
    await shows('#pace', 'stopped');
    const held = await text('#taken');
    await new Promise((resolve) => setTimeout(resolve, 300));
    t.ok(Number(await text('#taken')) - Number(held) <= 1, 'the page takes nothing');
    await set('#brake', '4');
    await shows('#taken', `^(?!${held}$)`);
  });
}
