import { EventSource } from 'eventsource';
import t from 'tap';
import type { RecordingSettings } from '../../../gateway/schema/index.js';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { http, open, sseEvents, until } from '../../support/http.js';
import { ask, connectHttp2 } from '../../support/http2-client.js';
import type { Scripts } from '../../support/scripted-upstream.js';

// Recorded calls over real sockets: shared, gone on with, and joined.

const SSE = { accept: 'text/event-stream' };

async function serve(
  t: Parameters<typeof openForeign>[0],
  scripts: Scripts,
  rules: Record<string, RecordingSettings>,
  limits = {},
) {
  const methods = Object.fromEntries(
    Object.entries(rules).map(([name, recording]) => [
      method(name).slice(1),
      { recording: recording as never },
    ]),
  );
  return await openForeign(t, scripts, { config: { methods }, limits });
}

function gate() {
  let open: () => void = () => {};
  const wait = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { wait, open };
}

/** A stream of events that a test reads as it comes. */
async function follow(url: string, headers: Record<string, string> = {}) {
  const { response, socket } = await open(url, { headers: { ...SSE, ...headers } });
  let text = '';
  response.on('data', (chunk: Buffer) => {
    text += chunk;
  });
  response.on('error', () => {});
  return {
    headers: response.headers,
    events: () => sseEvents(text),
    numbers: () =>
      sseEvents(text).flatMap(({ event, data }) =>
        event === 'message' ? [(data as { number: number }).number] : [],
      ),
    leave: () => socket.destroy(),
  };
}

t.test(
  'two readers of equal requests are one call at the service; ids are dense and find it again',
  async (t) => {
    const more = gate();
    const end = gate();
    const { url, upstream, gateway } = await serve(
      t,
      {
        Down: [
          { in: 'end' },
          { out: await bytes({ number: 1 }) },
          { out: await bytes({ number: 2 }) },
          { wait: more.wait },
          { out: await bytes({ number: 3 }) },
          { wait: end.wait },
          { out: await bytes({ number: 4 }) },
        ],
      },
      { Down: { sharing: 'everyone', start: 'beginning' } },
    );
    const path = url + method('Down');
    const one = await follow(path);
    await until(t, 'the first messages', () => one.numbers().length === 2);
    const [first] = one.events();
    const epoch = /^~([\w-]{22})\.1$/.exec(first?.id ?? '')?.[1];
    t.ok(epoch);
    t.equal(one.headers['sluice-last-event-id'], `~${epoch}.0`);
    const other = await follow(path);
    await until(t, 'the same for the other', () => other.numbers().length === 2);
    t.equal(upstream.calls(method('Down')).length, 1);
    one.leave();
    more.open();
    await until(t, 'the next one', () => other.numbers().length === 3);
    const back = await follow(path, { 'last-event-id': `~${epoch}.2` });
    t.equal(back.headers['sluice-last-event-id'], `~${epoch}.2`);
    const h2 = connectHttp2(t, url);
    const over = ask(h2, method('Down'), { ...SSE, 'last-event-id': `~${epoch}.1` });
    await until(t, 'all joined', () => gateway.openExchanges === 3);
    end.open();
    await until(t, 'the end', () => back.events().at(-1)?.event === 'end');
    t.same(back.numbers(), [3, 4]);
    t.equal(back.events().at(-1)?.id, `~end:~${epoch}.4`);
    const answer = await over;
    t.same(
      sseEvents(answer.text).map(({ event, id }) => `${event} ${id}`),
      [`message ~${epoch}.2`, `message ~${epoch}.3`, `message ~${epoch}.4`, `end ~end:~${epoch}.4`],
    );
    await until(t, 'the other has all', () => other.events().at(-1)?.event === 'end');
    t.same(other.numbers(), [1, 2, 3, 4]);
    const ndjson = await http(path, { headers: { 'last-event-id': `~${epoch}.3` } });
    t.equal(ndjson.headers['sluice-last-event-id'], `~${epoch}.3`);
    t.equal(ndjson.text, '{"number":4}\n', 'after its end as well, in another form');
    for (const id of [`~end:~${epoch}.4`, '~end'])
      t.equal((await http(path, { headers: { ...SSE, 'last-event-id': id } })).status, 204);
    t.equal(upstream.calls(method('Down')).length, 1);
    const future = await http(path, { headers: { ...SSE, 'last-event-id': `~${epoch}.5` } });
    t.same([future.status, future.headers['sluice-reason']], [400, 'INVALID_CURSOR']);
    const foreign = await follow(path, { 'last-event-id': `~${'A'.repeat(22)}.5` });
    await until(t, 'a gap', () => foreign.events()[0]?.event === 'gap');
    t.match(foreign.events()[0]?.data, { requested: `~${'A'.repeat(22)}.5`, resumed: /^~[\w-]{22}\.0$/ });
    t.equal(upstream.calls(method('Down')).length, 2, 'that is another call');
    foreign.leave();
  },
);

t.test('an EventSource that lost its connection goes on where it was', async (t) => {
  const end = gate();
  const { url, upstream } = await serve(
    t,
    {
      Down: [
        { in: 'end' },
        ...(await Promise.all([1, 2, 3].map(async (number) => ({ out: await bytes({ number }) })))),
        { wait: end.wait },
        { out: await bytes({ number: 4 }) },
      ],
    },
    { Down: {} },
  );
  const numbers: number[] = [];
  let isOver = false;
  let cut = false;
  const source = new EventSource(url + method('Down'), {
    fetch: async (address, init) => {
      const answer = await fetch(address, init);
      if (cut || answer.body === null) return answer;
      cut = true;
      // The first connection breaks within the third event.
      let left = 2;
      const body = answer.body.pipeThrough(
        new TransformStream({
          transform(chunk: Uint8Array, controller) {
            const at = Buffer.from(chunk).indexOf('"number":3');
            if (at < 0 || left === 0) controller.enqueue(chunk);
            else {
              left = 0;
              controller.enqueue(chunk.subarray(0, at));
              controller.error(new TypeError('cut'));
            }
          },
        }),
      );
      return new Response(body, { status: answer.status, headers: answer.headers });
    },
  });
  source.addEventListener('message', ({ data }) => {
    numbers.push(JSON.parse(data).number);
    if (numbers.length === 3) end.open();
  });
  source.addEventListener('gap', () => t.fail('nothing is missing'));
  source.addEventListener('end', () => {
    isOver = true;
    source.close();
  });
  await until(t, 'the end', () => isOver);
  t.same(numbers, [1, 2, 3, 4]);
  t.equal(upstream.calls(method('Down')).length, 1);
});
