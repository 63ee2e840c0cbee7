import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import t from 'tap';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { open, send, settled, until } from '../../support/http.js';
import { startOwnTime } from '../../support/own-time.js';
import { connect } from '../../support/websocket.js';

// Shown by what the service could write, or what it was given, never by a clock: a number that stops growing is a stall.

const MESSAGES = 1_000_000;
/** Far above what all buffers between service and client hold (sockets of both kernels, windows, ours), far below the stream. */
const MAX_BUFFERED_BYTES = 24 * 1024 * 1024;
const TEXT_BYTES = 10_000;
const OCTETS = { 'content-type': 'application/octet-stream' };
const NDJSON = { 'content-type': 'application/x-ndjson' };

/** Ways to start a stream whose reader does nothing until it is told to. */
interface StalledReader {
  /** Reads from here on; counts the messages or chunks that come. */
  resume(): void;
  readonly read: number;
  leave(): void;
}

async function httpReader(url: string, accept: string): Promise<StalledReader> {
  const { response } = await open(url, { headers: { accept } });
  return readerOf(response);
}

function readerOf(response: IncomingMessage): StalledReader {
  let read = 0;
  response.on('error', () => {});
  response.pause();
  return {
    resume() {
      response.on('data', () => {
        read += 1;
      });
      response.resume();
    },
    get read() {
      return read;
    },
    leave: () => response.destroy(),
  };
}

async function socketReader(url: string): Promise<StalledReader> {
  const client = await connect(url);
  client.socket.send('{}');
  client.socket.pause();
  return {
    resume: () => client.socket.resume(),
    get read() {
      return client.frames.length;
    },
    leave: () => client.socket.terminate(),
  };
}

const READERS: Record<
  string,
  { method: string; start: (url: string, wsUrl: string) => Promise<StalledReader> }
> = {
  SSE: { method: 'Down', start: (url) => httpReader(url + method('Down'), 'text/event-stream') },
  NDJSON: { method: 'Down', start: (url) => httpReader(url + method('Down'), 'application/x-ndjson') },
  'JSON array': { method: 'Down', start: (url) => httpReader(url + method('Down'), 'application/json') },
  'plain WebSocket': { method: 'Down', start: (_url, wsUrl) => socketReader(wsUrl + method('Down')) },
  download: { method: 'Fetch', start: (url) => httpReader(`${url}/foreign/files/big`, '*/*') },
};

for (const [surface, { method: name, start }] of Object.entries(READERS)) {
  t.test(
    `${surface}: a reader that stops makes the service's write stop, and go on when it reads`,
    async (t) => {
      const item = await bytes({ text: 'x'.repeat(TEXT_BYTES) });
      const piece = await bytes({ content: Buffer.alloc(TEXT_BYTES).toString('base64') }, 'Piece');
      const { url, wsUrl, upstream } = await openForeign(t, {
        Down: [{ in: 'end' }, { out: item, times: MESSAGES }],
        Fetch: [{ in: 'end' }, { out: piece, times: MESSAGES }],
      });
      const reader = await start(url, wsUrl);
      const call = await upstream.call(method(name));
      const stalledAt = await settled(() => call.accepted);
      t.ok(stalledAt > 0, 'it had begun');
      t.ok(stalledAt * TEXT_BYTES < MAX_BUFFERED_BYTES, `it stopped after ${stalledAt} messages`);
      reader.resume();
      await until(t, 'the service to write on', () => call.accepted > stalledAt + 1_000);
      t.ok(reader.read > 0);
      reader.leave();
      await call.over;
      t.ok(call.cancelled);
    },
  );

  t.test(`${surface}: a stalled reader that leaves cancels the call within a second`, async (t) => {
    const item = await bytes({ text: 'x'.repeat(TEXT_BYTES) });
    const piece = await bytes({ content: Buffer.alloc(TEXT_BYTES).toString('base64') }, 'Piece');
    const { url, wsUrl, upstream, gateway } = await openForeign(t, {
      Down: [{ in: 'end' }, { out: item, times: MESSAGES }],
      Fetch: [{ in: 'end' }, { out: piece, times: MESSAGES }],
    });
    const reader = await start(url, wsUrl);
    const call = await upstream.call(method(name));
    await settled(() => call.accepted);
    const passedMs = startOwnTime(t);
    reader.leave();
    await call.over;
    t.ok(call.cancelled);
    t.ok(passedMs() < 1_000, 'this promise is about time');
    await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
  });
}

/** A sender that has written as much as it could; `pending` is what it could not. */
interface Sender {
  readonly written: number;
  readonly drained: number;
  leave(): void;
}

async function bodySender(url: string, headers: Record<string, string>, unit: string): Promise<Sender> {
  const request = send(url, { method: 'POST', headers });
  let written = 0;
  let drained = 0;
  const more = () => {
    drained = written;
    while (written < MAX_BUFFERED_BYTES * 4 && request.write(unit)) written += unit.length;
    written += unit.length;
  };
  request.on('drain', more);
  more();
  return {
    get written() {
      return written;
    },
    get drained() {
      return drained;
    },
    leave: () => request.destroy(),
  };
}

async function socketSender(url: string, unit: string): Promise<Sender> {
  const client = await connect(url);
  let written = 0;
  const total = MAX_BUFFERED_BYTES * 4;
  for (; written < total; written += unit.length) client.socket.send(unit);
  return {
    get written() {
      return written;
    },
    get drained() {
      return total - client.socket.bufferedAmount;
    },
    leave: () => client.socket.terminate(),
  };
}

const LINE = `${JSON.stringify({ text: 'x'.repeat(TEXT_BYTES) })}`;
const SENDERS: Record<string, { method: string; start: (url: string, wsUrl: string) => Promise<Sender> }> = {
  'NDJSON body': { method: 'Up', start: (url) => bodySender(url + method('Up'), NDJSON, `${LINE}\n`) },
  'plain WebSocket': { method: 'Both', start: (_url, wsUrl) => socketSender(wsUrl + method('Both'), LINE) },
  upload: {
    method: 'Store',
    start: (url) => bodySender(url + method('Store'), OCTETS, 'x'.repeat(TEXT_BYTES)),
  },
};

for (const [surface, { method: name, start }] of Object.entries(SENDERS)) {
  t.test(`${surface}: a service that stops reading stops the sender, and lets it go on`, async (t) => {
    let goOn: () => void = () => {};
    const wait = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const { url, wsUrl, upstream } = await openForeign(t, {
      Up: [{ in: 3 }, { wait }, { in: 'end' }],
      Both: [{ in: 3 }, { wait }, { in: 'end' }],
      Store: [{ in: 3 }, { wait }, { in: 'end' }],
    });
    const sender = await start(url, wsUrl);
    const call = await upstream.call(method(name));
    const stalledAt = await settled(() => sender.drained);
    t.ok(stalledAt < MAX_BUFFERED_BYTES, `it stopped after ${stalledAt} bytes`);
    t.equal(call.received.length, 3);
    goOn();
    await until(t, 'the sender to go on', () => sender.drained > stalledAt + 1_000_000);
    sender.leave();
    await call.over;
  });

  t.test(
    `${surface}: a sender that leaves while the service stalls is noticed within a second`,
    async (t) => {
      const wait = new Promise<never>(() => {});
      const { url, wsUrl, upstream, gateway } = await openForeign(t, {
        Up: [{ in: 3 }, { wait }],
        Both: [{ in: 3 }, { wait }],
        Store: [{ in: 3 }, { wait }],
      });
      const sender = await start(url, wsUrl);
      const call = await upstream.call(method(name));
      await settled(() => sender.drained);
      const passedMs = startOwnTime(t);
      sender.leave();
      await call.over;
      t.ok(call.cancelled);
      t.ok(passedMs() < 1_500, 'this promise is about time, and about a busy machine');
      await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
    },
  );
}

t.test('a stalled reader does not hold up its neighbour on the same connection', async (t) => {
  const item = await bytes({ text: 'x'.repeat(1_000) });
  const { url, upstream } = await openForeign(t, {
    Down: [{ in: 'end' }, { out: item, times: MESSAGES }],
    Ask: [{ in: 'end' }, { out: item }],
  });
  const stalled = await Promise.all(
    Array.from({ length: 20 }, () => httpReader(url + method('Down'), '*/*')),
  );
  await Promise.all(stalled.map((_, index) => upstream.call(method('Down'), index)));
  await settled(() => upstream.calls(method('Down')).reduce((sum, { accepted }) => sum + accepted, 0));
  const neighbour = await httpReader(url + method('Down'), '*/*');
  neighbour.resume();
  await until(t, 'the neighbour to read', () => neighbour.read > 200);
  t.equal((await fetch(url + method('Ask'))).status, 200);
  for (const reader of [...stalled, neighbour]) reader.leave();
});

for (const how of ['a close frame', 'a FIN'] as const) {
  t.test(`a WebSocket client that says good-bye by ${how} while it does not read is let go`, async (t) => {
    const item = await bytes({ text: 'x'.repeat(TEXT_BYTES) });
    const { wsUrl, upstream, gateway } = await openForeign(t, {
      Down: [{ in: 'end' }, { out: item, times: MESSAGES }],
    });
    const client = await connect(wsUrl + method('Down'));
    client.socket.send('{}');
    client.socket.pause();
    const call = await upstream.call(method('Down'));
    await settled(() => call.accepted);
    const passedMs = startOwnTime(t);
    if (how === 'a close frame') client.socket.close();
    else rawSocketOf(client.socket).end();
    await call.over;
    t.ok(call.cancelled);
    t.ok(passedMs() < 1_500, 'this promise is about time, and about a busy machine');
    await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
    client.socket.terminate();
  });
}

/** The socket under a WebSocket client, to do what no WebSocket client does. */
function rawSocketOf(socket: unknown): Socket {
  return (socket as { _socket: Socket })._socket;
}

t.test(
  'empty messages count as well: a client cannot make the gateway hold any number of them',
  async (t) => {
    const wait = new Promise<never>(() => {});
    const { url, wsUrl, upstream } = await openForeign(t, {
      Both: [{ in: 3 }, { wait }],
      Up: [{ in: 3 }, { wait }],
    });
    const client = await connect(wsUrl + method('Both'));
    const raw = rawSocketOf(client.socket);
    // Masked empty binary frames, 6 bytes each.
    const many = Buffer.concat(Array.from({ length: 50_000 }, () => Buffer.from([0x82, 0x80, 0, 0, 0, 0])));
    for (let n = 0; n < 150; n += 1) raw.write(many);
    await upstream.call(method('Both'));
    const sent = await settled(() => 150 * many.length - raw.writableLength);
    const lines = await bodySender(url + method('Up'), NDJSON, '{}\n'.repeat(20_000));
    const written = await settled(() => lines.drained);
    t.ok(sent < MAX_BUFFERED_BYTES, `frames stopped after ${sent} bytes`);
    t.ok(written < MAX_BUFFERED_BYTES, `lines stopped after ${written} bytes`);
    client.socket.terminate();
    lines.leave();
  },
);
