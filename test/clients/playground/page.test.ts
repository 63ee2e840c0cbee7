import { join } from 'node:path';
import { pino } from 'pino';
import type { Browser, Locator, Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { openGateway, schemaFromProtoFiles } from '../../../gateway/index.js';
import { openCore } from '../../../grpc-core/index.js';
import { transpile } from '../transpiled.js';
import { chromiumFile, noChromium, openBrowser } from './browser.js';
import { echoProto, openEchoService } from './echo-service.js';

const skip = chromiumFile === undefined ? noChromium : false;
const log = pino({ level: 'silent' });

/** A page before a gateway before the service at this address. */
async function openPage(t: Test, browser: Browser, pageDir: string, upstream: string, protoFile?: string) {
  const gateway = await openGateway({
    upstream,
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    pageDir,
    graceMs: 100,
    log,
    ...(protoFile === undefined ? {} : { schema: await schemaFromProtoFiles([protoFile]) }),
  });
  t.teardown(() => gateway.close());
  const page = await browser.newPage();
  t.teardown(() => page.close());
  page.setDefaultTimeout(10_000);
  page.on('pageerror', (error) => t.fail(`the page threw ${error}`));
  page.on('console', (line) => {
    if (/Content Security Policy/i.test(line.text())) t.fail(line.text());
  });
  await page.goto(gateway.url);
  return page;
}

/** The parts of the page that a person uses. */
function partsOf(page: Page) {
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  return {
    method: (name: string) =>
      page.getByRole('link', { name: new RegExp(`^${name}\\s*(unary|server|client|bidi)`) }),
    button,
    request: page.getByLabel('Request'),
    headers: page.getByLabel('Headers'),
    messages: page.locator('.messages li.received pre'),
    count: page.locator('.count'),
    verdict: page.locator('.outcome strong'),
    outcome: page.locator('.outcome'),
  };
}

const textsOf = async (locator: Locator) => (await locator.allTextContents()).map((text) => JSON.parse(text));

async function countOf(count: Locator): Promise<number> {
  return Number((await count.textContent())?.replaceAll(',', '').match(/^\d+/)?.[0]);
}

/** Waits until the number is the same twice in a row, and returns it. */
async function standstill(read: () => number | Promise<number>): Promise<number> {
  let before = -1;
  for (;;) {
    const now = await read();
    if (now === before) return now;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
}

t.test('the page', { skip, timeout: 55_000 }, async (t) => {
  const browser = await openBrowser();
  t.teardown(() => browser.close());
  const built = t.testdir();
  for (const part of ['retry', 'browser', 'playground']) transpile(`clients/${part}`, built);
  const pageDir = join(built, 'clients');

  await t.test('any service: all four kinds can be called', async (t) => {
    const service = await openEchoService();
    t.teardown(() => service.close());
    const page = await openPage(t, browser, pageDir, service.address, echoProto);
    const { method, button, request, headers, messages, count, verdict, outcome } = partsOf(page);

    await t.test('the services and methods are listed, and can be searched', async (t) => {
      await method('Say').waitFor();
      t.same(await page.getByRole('navigation').getByRole('link').allTextContents(), [
        'Sayunary',
        'Countserver stream',
        'Joinclient stream',
        'Talkbidi stream',
      ]);
      await page.getByLabel('Find a method').fill('bidi');
      t.same(await page.getByRole('navigation').getByRole('link').allTextContents(), ['Talkbidi stream']);
      await page.getByLabel('Find a method').fill('');
    });

    await t.test('text of the service is never markup', async (t) => {
      await method('Say').click();
      await page.getByText("<script>document.title = 'taken'</script>").waitFor();
      await request.fill(JSON.stringify({ text: '<img src=x onerror="document.title=1">' }));
      await button('Call').click();
      await verdict.waitFor();
      t.match(await messages.textContent(), '<img src=x');
      t.equal(await page.locator('main img, main script, nav img').count(), 0);
      t.equal(await page.title(), 'Say · Sluice');
    });

    await t.test('unary: the answer, metadata, an error, and what is no JSON', async (t) => {
      await request.fill('{"text":"hello"}');
      await headers.fill('grpc-metadata-who: Ada');
      await request.press('Control+Enter');
      await page.getByText('Ada said hello').waitFor();
      t.equal(await verdict.textContent(), 'OK (0)');
      t.match(
        await page.locator('.curl').textContent(),
        /-H 'grpc-metadata-who: Ada'[\s\S]*--data-raw '{"text":"hello"}'/,
      );

      await request.fill('{"text":"fail"}');
      await button('Call').click();
      await page.getByText('<b>not</b> now').waitFor();
      t.equal(await verdict.textContent(), 'FAILED_PRECONDITION (9)');

      await request.fill('{"text":');
      await button('Call').click();
      t.match(await page.getByRole('alert').textContent(), /not JSON/);
      await request.fill('{"tekst":""}');
      await button('Call').click();
      await page.getByText('INVALID_ARGUMENT (3)').waitFor();
      t.match(await outcome.textContent(), /tekst/);
    });

    await t.test(
      'server stream: pausing the page pauses the service, cancelling ends its call',
      async (t) => {
        await method('Count').click();
        await request.fill(JSON.stringify({ text: 'x'.repeat(20_000) }));
        await button('Call').click();
        await messages.first().waitFor();
        await button('Pause').click();
        const written = await standstill(() => service.seen.written);
        const shown = await standstill(() => countOf(count));
        t.ok(written > shown, `${written} written, ${shown} shown`);
        t.match(await count.textContent(), /paused/);
        t.equal(service.seen.cancelled, 0);
        await button('Resume').click();
        while (service.seen.written < written + 50) await new Promise((resolve) => setTimeout(resolve, 20));
        t.pass('the service goes on');
        t.match(await count.textContent(), /newest are shown/);
        t.ok(
          ((await page.locator('.messages').textContent()) ?? '').length < 120_000,
          'what is shown is bounded',
        );
        await button('Cancel').click();
        await page.getByText('CANCELLED (1)').waitFor();
        while (service.seen.cancelled < 1) await new Promise((resolve) => setTimeout(resolve, 20));
        const last = await messages.last().textContent();
        t.equal(
          Number(last?.match(/"number":\s*"(\d+)"/)?.[1]),
          await countOf(count),
          'none was lost on the way',
        );
        t.ok(await button('Call').isEnabled());
      },
    );

    await t.test('server stream: a flood of small messages leaves the page usable', async (t) => {
      await request.fill('{}');
      await button('Call').click();
      while ((await countOf(count)) < 2000) await new Promise((resolve) => setTimeout(resolve, 20));
      await button('Cancel').click();
      await page.getByText('CANCELLED (1)').waitFor();
      t.equal(await messages.count(), 200, 'the newest are kept');
    });

    await t.test('client stream: messages, half-close, one answer', async (t) => {
      await method('Join').click();
      for (const text of ['a', 'b', 'c']) {
        await request.fill(JSON.stringify({ text }));
        await button('Send').click();
      }
      t.equal(await messages.count(), 0);
      await button('Half-close').click();
      await page.getByText('OK (0)').waitFor();
      await messages.waitFor();
      t.same(await textsOf(messages), [{ text: 'a+b+c', number: '3' }]);
    });

    await t.test('bidi: answers come while the call is open, failures have their code', async (t) => {
      await method('Talk').click();
      await button('Open').click();
      await request.fill('{"text":"one"}');
      await button('Send').click();
      await page.getByText('echo of one').waitFor();
      t.equal(await verdict.count(), 0, 'it is still open');
      await request.fill('{"text":"two"}');
      await request.press('Control+Enter');
      await page.getByText('echo of two').waitFor();
      await button('Half-close').click();
      await page.getByText('OK (0)').waitFor();
      t.ok(await button('Half-close').isDisabled());

      await request.fill('{"text":"fail"}');
      await button('Send').click();
      await page.getByText('ABORTED (10)').waitFor();
      t.match(await outcome.textContent(), /as you wish/);
    });

    await t.test('leaving the method cancels its call', async (t) => {
      await method('Talk').click();
      await button('Open').click();
      await request.fill('{"text":"three"}');
      await button('Send').click();
      await page.getByText('echo of three').waitFor();
      const before = service.seen.cancelled;
      await method('Say').click();
      while (service.seen.cancelled === before) await new Promise((resolve) => setTimeout(resolve, 20));
      t.equal(await page.getByRole('heading', { level: 2, name: 'Say' }).count(), 1);
      await page.goBack();
      await page.getByRole('heading', { level: 2, name: 'Talk' }).waitFor();
      t.pass('Back leads to the method before');
    });
  });

  await t.test('the core: its own methods, learnt by reflection', async (t) => {
    const core = await openCore({ listen: '127.0.0.1:0', dataDir: t.testdir(), dataIntervalMs: 20, log });
    t.teardown(() => core.close());
    const page = await openPage(t, browser, pageDir, core.address);
    const { method, button, request, messages, verdict } = partsOf(page);

    await method('GetStockQuote').click();
    await request.fill('{"symbol":"AAPL"}');
    await button('Call').click();
    await page.getByText('OK (0)').waitFor();
    t.match(await textsOf(messages), [{ symbol: 'AAPL', price: Number }]);

    await method('ControlledStream').click();
    await request.fill('{"startFromId":10}');
    await button('Call').click();
    await page.getByText('OK (0)').waitFor();
    await messages.nth(99).waitFor();
    t.same(
      (await textsOf(messages)).map(({ id }) => id),
      Array.from({ length: 100 }, (_, at) => at + 11),
    );

    await method('UploadFile').click();
    await request.fill('{"data":"aGVs","filePath":"from-the-page.txt"}');
    await button('Send').click();
    await request.fill('{"data":"bG8="}');
    await button('Send').click();
    await button('Half-close').click();
    await page.getByText('OK (0)').waitFor();
    t.match(await textsOf(messages), [{ fileId: 'from-the-page.txt', totalBytes: '5' }]);

    await method('Chat').click();
    await request.fill('{"roomId":"lobby","userId":"ada","message":"hello there"}');
    await button('Send').click();
    await page.locator('.messages li.received pre', { hasText: 'hello there' }).waitFor();
    await button('Cancel').click();
    await page.getByText('CANCELLED (1)').waitFor();
    t.equal(await verdict.count(), 1);
  });

  await t.test('a gateway that cannot be asked is said, not hidden', async (t) => {
    const service = await openEchoService();
    t.teardown(() => service.close());
    const page = await openPage(t, browser, pageDir, service.address, echoProto);
    await page.route('**/_sluice/services', (route) => route.fulfill({ status: 503, body: 'no' }));
    await page.reload();
    t.match(await page.getByRole('alert').textContent(), /could not be read: HTTP 503/);
  });
});
