import type { IncomingMessage } from 'node:http';
import t, { type Test } from 'tap';
import type { Gateway, GatewayOptions, MethodConfig } from '../../../../gateway/index.js';
import { bytes, method, openForeign } from '../../../support/foreign.js';
import { http, open, read, settled, sseEvents, until } from '../../../support/http.js';
import { connect } from '../../../support/websocket.js';

// The client does not read until the service has sent everything: only policies let the service get that far, since the stream is
// many times what all buffers between the two hold.

const KEYS = ['a', 'b', 'c', 'd', 'e'];
const MESSAGES = 1_500;
const PADDING = 'x'.repeat(16_000);
const TRANSPORTS = ['http2', 'grpc-js'] as const;

interface Quote {
  readonly text: string;
  readonly number: number;
}

let made: Promise<{ out: Uint8Array }[]> | undefined;

function quotes(): Promise<{ out: Uint8Array }[]> {
  made ??= makeQuotes();
  return made;
}

async function makeQuotes(): Promise<{ out: Uint8Array }[]> {
  const tail = await bytes({ tags: [PADDING] });
  return await Promise.all(
    Array.from({ length: MESSAGES }, async (_, index) => {
      const head = await bytes({ text: KEYS[index % KEYS.length] as string, number: index + 1 });
      return { out: Buffer.concat([head, tail]) };
    }),
  );
}

const config = (slowReader: MethodConfig['slowReader'], name = 'Down'): Partial<GatewayOptions> => ({
  config: { methods: { [method(name).slice(1)]: { slowReader } } },
});

/** How a surface is read late: all that came, in order, a number for messages dropped before the next one. */
interface Surface {
  start(urls: { url: string; wsUrl: string }): Promise<() => Promise<(Quote | number)[]>>;
  /** Whether the client is told what was dropped. */
  readonly tells: boolean;
}

async function stalled(url: string, accept: string): Promise<IncomingMessage> {
  const { response } = await open(url + method('Down'), { headers: { accept } });
  response.pause();
  return response;
}

async function finish(response: IncomingMessage): Promise<string> {
  response.resume();
  return (await read(response)).text;
}

const SURFACES: Record<string, Surface> = {
  SSE: {
    tells: true,
    async start({ url }) {
      const response = await stalled(url, 'text/event-stream');
      return async () => {
        const events = sseEvents(await finish(response));
        if (events.at(-1)?.event !== 'end') throw new Error(`ended with ${events.at(-1)?.event}`);
        return events
          .slice(0, -1)
          .map(({ event, data }) =>
            event === 'dropped' ? (data as { count: number }).count : (data as Quote),
          );
      };
    },
  },
  NDJSON: {
    tells: false,
    async start({ url }) {
      const response = await stalled(url, 'application/x-ndjson');
      return async () =>
        (await finish(response))
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Quote);
    },
  },
  'JSON array': {
    tells: false,
    async start({ url }) {
      const response = await stalled(url, 'application/json');
      return async () => JSON.parse(await finish(response)) as Quote[];
    },
  },
  'plain WebSocket': {
    tells: false,
    async start({ wsUrl }) {
      const client = await connect(wsUrl + method('Down'));
      client.socket.send('{}');
      client.socket.pause();
      return async () => {
        client.socket.resume();
        await client.closed;
        return client.frames.map((frame) => JSON.parse(String(frame)) as Quote);
      };
    },
  },
};

async function droppedMetric({ adminUrl }: Gateway): Promise<number> {
  const { text } = await http(`${adminUrl}/metrics`);
  const line =
    /^sluice_messages_dropped_total\{method="foreign\.v1\.Foreign\/Down",policy="[a-z-]+"\} (\d+)$/m;
  return Number(line.exec(text)?.[1]);
}

/** Sends everything to a client that does not read, then lets it read; gives what it got and what the gateway says that it dropped. */
async function sendToStalled(t: Test, surface: Surface, options: Partial<GatewayOptions>) {
  const { upstream, gateway, lines, ...urls } = await openForeign(
    t,
    { Down: [{ in: 'end' }, ...(await quotes())] },
    options,
  );
  const goOn = await surface.start(urls);
  const call = await upstream.call(method('Down'));
  await until(t, 'the service to send everything', () => call.accepted === MESSAGES);
  await call.over;
  const got = await goOn();
  await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
  await until(t, 'the line of log', () => lines.some(({ msg }) => msg === 'call'));
  const { sent, dropped, code } = lines.find(({ msg }) => msg === 'call') as Record<string, number>;
  t.equal(code, 'OK');
  t.equal(sent, MESSAGES);
  const messages = got.filter((one): one is Quote => typeof one !== 'number');
  t.equal(messages.length + (dropped as number), MESSAGES, 'each was delivered or is counted as dropped');
  t.ok((dropped as number) > 0, `${dropped} were dropped`);
  if (surface.tells) {
    const told = got.reduce<number>((sum, one) => sum + (typeof one === 'number' ? one : 0), 0);
    t.equal(told, dropped, 'all that was dropped was told');
  }
  t.equal(await droppedMetric(gateway), dropped);
  return { got, messages, dropped: dropped as number };
}

for (const transport of TRANSPORTS) {
  for (const [name, surface] of Object.entries(SURFACES)) {
    t.test(
      `${name}, ${transport}: conflate gives a client that comes back the newest of each key`,
      async (t) => {
        const { messages } = await sendToStalled(t, surface, {
          transport,
          ...config({ policy: 'conflate', key: 'text' }),
        });
        const newest = KEYS.map((_, index) => MESSAGES - KEYS.length + 1 + index);
        const last = new Map(messages.map(({ text, number }) => [text, number]));
        t.same([...last.values()].sort(), newest);
        for (const key of KEYS) {
          const numbers = messages.filter(({ text }) => text === key).map(({ number }) => number);
          t.same(
            numbers,
            [...numbers].sort((a, b) => a - b),
            'of one key nothing older comes after something newer',
          );
        }
      },
    );

    t.test(`${name}, ${transport}: drop-oldest gives it the newest, in order`, async (t) => {
      const { messages } = await sendToStalled(t, surface, {
        transport,
        ...config({ policy: 'drop-oldest', maxMessages: 40 }),
      });
      const numbers = messages.map(({ number }) => number);
      t.same(
        numbers,
        [...numbers].sort((a, b) => a - b),
      );
      t.same(
        numbers.slice(-40),
        Array.from({ length: 40 }, (_, index) => MESSAGES - 39 + index),
      );
    });
  }
}

t.test(
  'SSE: dropped messages are told before the next message, and before an end that is a failure',
  async (t) => {
    let end: () => void = () => {};
    const wait = new Promise<void>((resolve) => {
      end = resolve;
    });
    const failure = { status: 'DATA_LOSS', message: 'no disk' } as const;
    const { url, upstream, gateway } = await openForeign(
      t,
      { Down: [{ in: 'end' }, ...(await quotes()), { wait }, failure] },
      config({ policy: 'drop-oldest', maxMessages: 1 }),
    );
    const response = await stalled(url, 'text/event-stream');
    const call = await upstream.call(method('Down'));
    await until(t, 'the service to send everything', () => call.accepted === MESSAGES);
    await settled(() => droppedMetric(gateway));
    end();
    const tail = sseEvents(await finish(response)).slice(-3);
    const order = tail.map(({ event }) => event);
    t.same(order, ['dropped', 'message', 'error'], 'first the loss, then the newest, then the end');
    t.match(tail[1]?.data, { number: MESSAGES });
    t.match(tail[2]?.data, { error: { status: 'DATA_LOSS' } });
    t.equal(tail[0]?.id, undefined, 'an EventSource keeps its cursor');
  },
);

t.test('a client that keeps up gets every message, whatever the policy', async (t) => {
  for (const slowReader of [
    { policy: 'conflate', key: 'text' },
    { policy: 'drop-oldest', maxMessages: 1 },
    { policy: 'disconnect', afterMs: 60_000 },
  ] as const) {
    const item = await bytes({ text: 'same' });
    const { url, lines } = await openForeign(
      t,
      { Down: [{ in: 'end' }, { out: item, times: 100 }] },
      config(slowReader),
    );
    const { text } = await http(url + method('Down'));
    t.equal(text.trim().split('\n').length, 100);
    await until(t, 'the line of log', () => lines.some(({ msg }) => msg === 'call'));
    t.match(
      lines.find(({ msg }) => msg === 'call'),
      { sent: 100, dropped: 0 },
    );
  }
});

t.test('a stalled client of a stream that never ends can leave, and nothing is left', async (t) => {
  const { url, upstream, gateway } = await openForeign(
    t,
    { Down: [{ in: 'end' }, ...(await quotes()), { wait: new Promise(() => {}) }] },
    config({ policy: 'conflate', key: 'text' }),
  );
  const response = await stalled(url, 'text/event-stream');
  const call = await upstream.call(method('Down'));
  await until(t, 'the service to send everything', () => call.accepted === MESSAGES);
  response.destroy();
  await call.over;
  t.ok(call.cancelled);
  await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
});

t.test(
  'draining ends a stream whose client is behind; a client that reads is told what it missed',
  async (t) => {
    const { url, upstream, gateway } = await openForeign(
      t,
      { Down: [{ in: 'end' }, ...(await quotes()), { wait: new Promise(() => {}) }] },
      { ...config({ policy: 'conflate', key: 'text' }), graceMs: 8_000 },
    );
    const response = await stalled(url, 'text/event-stream');
    const call = await upstream.call(method('Down'));
    await until(t, 'the service to send everything', () => call.accepted === MESSAGES);
    const closed = gateway.close();
    await call.over;
    const text = await finish(response);
    await closed;
    t.match(text, /event: dropped\ndata: \{"count":\d+\}\n\nretry: \d+\n: .*shutting down/);
  },
);

t.test(
  'a file is never given with a hole: policies that drop let the service wait for a body of bytes',
  async (t) => {
    const piece = await bytes({ content: Buffer.alloc(16_000).toString('base64') }, 'Piece');
    const { url, upstream } = await openForeign(
      t,
      { Fetch: [{ in: 'end' }, { out: piece, times: 1_500 }] },
      config({ policy: 'drop-oldest', maxMessages: 1 }, 'Fetch'),
    );
    const { response } = await open(`${url}/foreign/files/big`);
    response.pause();
    const call = await upstream.call(method('Fetch'));
    const accepted = await settled(() => call.accepted);
    t.ok(accepted < 1_500, 'the service waits');
    response.resume();
    t.equal((await read(response)).bytes.length, 1_500 * 16_000);
  },
);
