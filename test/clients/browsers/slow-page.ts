import type { Browser } from 'puppeteer-core';
import type { Test } from 'tap';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { settled } from '../../support/http.js';
import { clientFolder, openPage, run } from './sdk-page.js';

/** How large a message is as JSON, and nearly the same as protobuf. */
const MESSAGE_BYTES = 1_000_000;
const TOTAL = 24;

interface Seen {
  /** The numbers of the messages, as the page got them. */
  readonly numbers: number[];
  /** The most bytes that the page had and was not done with. */
  readonly peakBytes: number;
  readonly creditFrames: number;
}

/** Frames are counted as they come from the browser, before the client sees them. */
const SLOW_PAGE = `
  let heldBytes = 0;
  let creditFrames = 0;
  class CountingSocket extends WebSocket {
    constructor(...given) {
      super(...given);
      this.addEventListener('message', ({ data }) => {
        if (!data.startsWith('{"message"')) return;
        heldBytes += data.length;
        seen.peakBytes = Math.max(seen.peakBytes, heldBytes);
      });
    }
    send(data) {
      if (data.startsWith('{"credit"')) seen.creditFrames += 1;
      super.send(data);
    }
  }
  const seen = { numbers: [], peakBytes: 0, creditFrames: 0 };
  const call = createClient({ WebSocket: CountingSocket }).call(given.method, { request: {}, ...given.options });
  globalThis.seen = seen;
  globalThis.work = async (count, pauseMs) => {
    for (let done = 0; done < count; done += 1) {
      const { value, done: ended } = await call.messages.next();
      if (ended) break;
      // The work of a page that is slow, while the messages after this one may come.
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      seen.numbers.push(value.number);
      // The message and the frame around it.
      heldBytes -= value.text.length + given.frameBytes;
    }
    return seen;
  };`;

/** What a page that is slow, or stops, holds of large messages: PROTOCOL.md, section 12, and nothing in the browser beside it. */
export async function checkSlowPage(t: Test, browser: Browser): Promise<void> {
  const pageDir = await clientFolder(t);
  const out = await Promise.all(
    Array.from({ length: TOTAL }, async (_, number) => ({
      out: await bytes({ text: 'x'.repeat(MESSAGE_BYTES), number: 100 + number }),
    })),
  );
  const frameBytes = 200;
  for (const [what, options, messages] of [
    ['by default 1 MiB and one message', {}, 2],
    ['one message with one byte of credit', { creditBytes: 1 }, 1],
    ['three messages with two and a bit', { creditBytes: 2 * MESSAGE_BYTES + 10_000 }, 3],
  ] as const) {
    await t.test(`a page that is slow holds ${what}`, async (t) => {
      const { url, upstream } = await openForeign(t, { Down: [{ in: 'end' }, ...out] }, { pageDir });
      const page = await openPage(t, browser, url);
      await run(page, SLOW_PAGE, { method: method('Down'), options, frameBytes });
      const call = await upstream.call(method('Down'));
      await run(page, 'await work(3, 20)');
      // It stops, in the middle of nothing.
      await settled(() => call.accepted);
      const seen = await run<Seen>(page, `return await work(${TOTAL}, 20)`);
      t.same(
        seen.numbers,
        Array.from({ length: TOTAL }, (_, number) => 100 + number),
        'nothing is lost, and the order is kept',
      );
      const held = seen.peakBytes / MESSAGE_BYTES;
      t.ok(held <= messages + 0.01, `${held} messages of ${MESSAGE_BYTES} bytes were there at most`);
      t.ok(held > messages - 1.01, 'which it may');
      t.ok(seen.creditFrames <= 2 * TOTAL, `${seen.creditFrames} frames of credit`);
    });
  }
}
