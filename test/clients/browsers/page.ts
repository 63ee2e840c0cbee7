import { pino } from 'pino';
import type { Browser } from 'puppeteer-core';
import type { Test } from 'tap';
import { openCore } from '../../../grpc-core/index.js';
import { settled } from '../../support/http.js';
import { builtPage } from '../playground/built-page.js';
import { echoProto, openEchoService } from '../playground/echo-service.js';
import { openPageOf, schemaOf, until } from './open-page.js';
import { partsOf } from './page-parts.js';

const log = pino({ level: 'silent' });

/** The page before the service at this address. */
async function openPage(t: Test, browser: Browser, pageDir: string, upstream: string, protoFile?: string) {
  const schema = protoFile === undefined ? {} : { schema: await schemaOf(protoFile) };
  return (await openPageOf(t, browser, { pageDir, upstream, ...schema })).page;
}

/** The page at `/`, as a person uses it. */
export async function checkPage(t: Test, browser: Browser): Promise<void> {
  const pageDir = await builtPage(t);

  await t.test('any service: all four kinds can be called', async (t) => {
    const service = await openEchoService();
    t.teardown(() => service.close());
    const page = await openPage(t, browser, pageDir, service.address, echoProto);
    const {
      open,
      link,
      title,
      click,
      enabled,
      fill,
      submit,
      shows,
      messages,
      received,
      newest,
      count,
      verdict,
      text,
      texts,
    } = partsOf(page);

    await t.test('the services and methods are listed, and can be searched', async (t) => {
      await link('Say');
      t.same(await texts('nav a'), [
        'Sayunary',
        'Countserver stream',
        'Joinclient stream',
        'Talkbidi stream',
      ]);
      await fill('Find a method', 'bidi');
      t.same(await texts('nav a'), ['Talkbidi stream']);
      await fill('Find a method', '');
    });

    await t.test('text of the service is never markup', async (t) => {
      await open('Say');
      await shows("<script>document.title = 'taken'</script>");
      await fill('Request as JSON', JSON.stringify({ text: '<img src=x onerror="document.title=1">' }));
      await click('Call');
      await verdict();
      await shows('<img src=x');
      t.same(await page.$$('main img, main script, nav img'), []);
      t.equal(await page.title(), 'Say · Sluice');
    });

    await t.test('unary: the answer, metadata, an error, and what is no JSON', async (t) => {
      await fill('Request as JSON', '{"text":"hello"}');
      await fill('Headers', 'grpc-metadata-who: Ada');
      await submit('Request as JSON');
      await shows('Ada said hello');
      t.equal(await verdict(), 'OK (0)');
      t.match(await text('.curl'), /-H 'grpc-metadata-who: Ada'[\s\S]*--data-raw '{"text":"hello"}'/);

      await fill('Request as JSON', '{"text":"fail"}');
      await click('Call');
      await shows('<b>not</b> now');
      t.equal(await verdict(), 'FAILED_PRECONDITION (9)');
      t.equal(await text('.origin'), 'from the service');

      await fill('Request as JSON', '{"text":');
      await click('Call');
      t.match(await text('[role=alert]:not([hidden])'), /not JSON/);
      await fill('Request as JSON', '{"tekst":""}');
      await click('Call');
      t.match(await text('[role=alert]:not([hidden])'), /demo\.v1\.Line has no field "tekst"/);
    });

    await t.test(
      'server stream: pausing the page pauses the service, cancelling ends its call',
      async (t) => {
        await open('Count');
        await fill('Request as JSON', JSON.stringify({ text: 'x'.repeat(5_000) }));
        await click('Call');
        await text('tr.received');
        await click('Pause');
        await shows('· paused');
        const shown = await settled(count);
        // What lies between the two fills up, and then it stops.
        await service.until(() => service.seen.written > shown);
        const written = await settled(() => service.seen.written);
        // One may have been on its way into the loop.
        t.ok((await count()) <= shown + 1, `${written} written, ${shown} shown`);
        t.equal(service.seen.cancelled, 0);
        await click('Resume');
        await service.until(() => service.seen.written >= written + 50);
        t.pass('the service goes on');
        await shows('the newest are kept');
        t.ok((await text('main')).length < 120_000, 'what is shown is bounded');
        await click('Cancel');
        await shows('CANCELLED (1)');
        await service.until(() => service.seen.cancelled >= 1);
        await until(async () => (await newest()) === (await count()));
        t.pass('none was lost on the way');
        t.ok(await enabled('Call'));
      },
    );

    await t.test('server stream: a flood of small messages leaves the page usable', async (t) => {
      await fill('Request as JSON', '{}');
      await click('Call');
      await until(async () => (await count()) >= 2000);
      await click('Cancel');
      await shows('CANCELLED (1)');
      await until(async () => (await newest()) === (await count()));
      t.ok((await messages()).length < 20, 'only what can be seen is drawn');
    });

    await t.test('client stream: messages, half-close, one answer', async (t) => {
      await open('Join');
      for (const line of ['a', 'b', 'c']) {
        await fill('Request as JSON', JSON.stringify({ text: line }));
        await click('Send');
      }
      t.same(await messages(), []);
      await click('Half-close');
      await shows('OK (0)');
      await text('tr.received');
      t.same(await received(1), [{ text: 'a+b+c', number: '3' }]);
    });

    await t.test('bidi: answers come while the call is open, failures have their code', async (t) => {
      await open('Talk');
      await click('Open');
      await fill('Request as JSON', '{"text":"one"}');
      await click('Send');
      await shows('echo of one');
      t.same(await texts('.outcome strong'), [], 'it is still open');
      await fill('Request as JSON', '{"text":"two"}');
      await submit('Request as JSON');
      await shows('echo of two');
      await click('Half-close');
      await shows('OK (0)');
      t.notOk(await enabled('Half-close'));

      await fill('Request as JSON', '{"text":"fail"}');
      await click('Send');
      await shows('ABORTED (10)');
      t.match(await text('.outcome'), /as you wish/);
    });

    await t.test('leaving the method cancels its call', async (t) => {
      await open('Talk');
      await click('Open');
      await fill('Request as JSON', '{"text":"three"}');
      await click('Send');
      await shows('echo of three');
      const before = service.seen.cancelled;
      await open('Say');
      await service.until(() => service.seen.cancelled > before);
      await page.goBack();
      await title('Talk');
      t.pass('Back leads to the method before');
    });
  });

  await t.test('the core: its own methods, learnt by reflection', async (t) => {
    const core = await openCore({ listen: '127.0.0.1:0', dataDir: t.testdir(), dataIntervalMs: 20, log });
    t.teardown(() => core.close());
    const page = await openPage(t, browser, pageDir, core.address);
    const { open, click, fill, shows, messages, received, count } = partsOf(page);

    await open('GetStockQuote');
    await fill('Request as JSON', '{"symbol":"AAPL"}');
    await click('Call');
    await shows('OK (0)');
    t.match(await received(1), [{ symbol: 'AAPL', price: Number }]);

    await open('ControlledStream');
    await fill('Request as JSON', '{"startFromId":10}');
    await click('Call');
    await shows('OK (0)');
    await until(async () => (await messages()).at(-1)?.id === 110);
    await until(async () => (await count()) === 100);

    await open('UploadFile');
    await fill('Request as JSON', '{"data":"aGVs","filePath":"from-the-page.txt"}');
    await click('Send');
    await fill('Request as JSON', '{"data":"bG8="}');
    await click('Send');
    await click('Half-close');
    await shows('OK (0)');
    t.match(await received(1), [{ fileId: 'from-the-page.txt', totalBytes: '5' }]);

    await open('Chat');
    await fill('Request as JSON', '{"roomId":"lobby","userId":"ada","message":"hello there"}');
    await click('Send');
    await until(async () => (await messages()).some(({ message }) => message === 'hello there'));
    await click('Cancel');
    await shows('CANCELLED (1)');
  });

  await t.test('a gateway that cannot be asked is said, not hidden', async (t) => {
    const service = await openEchoService();
    t.teardown(() => service.close());
    const page = await openPage(t, browser, pageDir, service.address, echoProto);
    await page.setRequestInterception(true);
    let isOver = false;
    page.on('request', (request) => {
      const answered = request.url().endsWith('/_sluice/services')
        ? request.respond({ status: 503, body: 'no' })
        : request.continue();
      // An icon may still be on its way when the page is closed.
      answered.catch((error: unknown) => isOver || t.fail(String(error)));
    });
    await page.reload();
    t.match(await partsOf(page).text('[role=alert]'), /could not be read: HTTP 503/);
    isOver = true;
  });
}
