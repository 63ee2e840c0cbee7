import t, { type Test } from 'tap';
import type { GatewayOptions } from '../../../../gateway/index.js';
import { bytes, method, openForeign } from '../../../support/foreign.js';
import { open, read, sseEvents, until } from '../../../support/http.js';
import { connect } from '../../../support/websocket.js';

// The policy that lets the service wait, but not for ever. Its time is short here, and the service never stops by itself.

const PADDING = 'x'.repeat(16_000);
const TRANSPORTS = ['http2', 'grpc-js'] as const;

const config = (afterMs: number, name = 'Down'): Partial<GatewayOptions> => ({
  config: { methods: { [method(name).slice(1)]: { slowReader: { policy: 'disconnect', afterMs } } } },
});

/** One call whose client takes nothing, from its start until nothing of it is left. */
type Case = (t: Test, transport: (typeof TRANSPORTS)[number]) => Promise<void>;

function httpCase(accept: string, name: string, item: () => Promise<Uint8Array>): Case {
  return async (t, transport) => {
    const { url, upstream, gateway, lines } = await openForeign(
      t,
      { [name]: [{ in: 'end' }, { out: await item(), times: 1_000_000 }] },
      { transport, ...config(300, name) },
    );
    const { response } = await open(url + method(name), { headers: { accept } });
    response.pause();
    const call = await upstream.call(method(name));
    await call.over;
    t.ok(call.cancelled, `${accept}, ${transport}`);
    await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
    await until(t, 'the line of log', () => lines.some(({ msg }) => msg === 'call'));
    const line = lines.find(({ msg }) => msg === 'call');
    t.match(line, { code: 'RESOURCE_EXHAUSTED', dropped: 0 });
    response.resume();
    const { complete } = await read(response);
    t.notOk(complete, 'what it got is not a whole stream');
  };
}

const socketCase: Case = async (t, transport) => {
  const { wsUrl, upstream, gateway } = await openForeign(
    t,
    { Both: [{ out: await text(), times: 1_000_000 }] },
    { transport, ...config(300, 'Both') },
  );
  const client = await connect(wsUrl + method('Both'));
  client.socket.pause();
  const call = await upstream.call(method('Both'));
  await call.over;
  t.ok(call.cancelled);
  await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
  client.socket.resume();
  await client.closed;
};

const text = () => bytes({ text: PADDING });
const piece = () => bytes({ content: Buffer.alloc(16_000).toString('base64') }, 'Piece');
const CASES: readonly Case[] = [
  httpCase('text/event-stream', 'Down', text),
  httpCase('application/x-ndjson', 'Down', text),
  httpCase('application/octet-stream', 'Plain', piece),
  socketCase,
];

t.test(
  'disconnect ends a call whose client takes nothing, upstream at once, then its connection',
  async (t) => {
    // All at the same time: each of them waits for two seconds for its client to be told.
    await Promise.all(TRANSPORTS.flatMap((transport) => CASES.map((one) => one(t, transport))));
  },
);

t.test('disconnect tells a client that begins to read again in time', async (t) => {
  const item = await bytes({ text: PADDING });
  const { url, wsUrl, upstream } = await openForeign(
    t,
    { Down: [{ in: 'end' }, { out: item, times: 1_000_000 }] },
    config(300),
  );
  const { response } = await open(url + method('Down'), { headers: { accept: 'text/event-stream' } });
  response.pause();
  await (await upstream.call(method('Down'))).over;
  response.resume();
  const last = sseEvents((await read(response)).text).at(-1);
  t.match(last, { event: 'error', data: { error: { status: 'RESOURCE_EXHAUSTED' } } });
  t.match(last?.retry, /^\d+$/, 'it may come back');
  const client = await connect(wsUrl + method('Down'));
  client.socket.send('{}');
  client.socket.pause();
  await (await upstream.call(method('Down'), 1)).over;
  client.socket.resume();
  t.match(await client.closed, { code: 4008, reason: /^RESOURCE_EXHAUSTED: the client has read nothing/ });
});

t.test('a client that is slow but takes something is not disconnected', async (t) => {
  const item = await bytes({ text: PADDING });
  const { url } = await openForeign(t, { Down: [{ in: 'end' }, { out: item, times: 2_000 }] }, config(2_500));
  const { response } = await open(url + method('Down'), { headers: { accept: 'text/event-stream' } });
  const begun = performance.now();
  let size = 0;
  // 32 MB, evenly in one and a half of the time: what the kernels hold between two writes is a fraction of that.
  for await (const chunk of response) {
    size += (chunk as Buffer).length;
    const dueMs = (size / 32_000_000) * 1.5 * 2_500;
    while (performance.now() - begun < dueMs) await new Promise((resolve) => setTimeout(resolve, 2));
  }
  t.ok(response.complete);
  t.ok(size > 32_000_000);
  t.ok(performance.now() - begun > 2_500, 'it took longer than one pause may');
});
