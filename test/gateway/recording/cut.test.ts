import { connect as connectTcp } from 'node:net';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import { openGateway } from '../../../gateway/index.js';
import { openCutWay } from '../../support/cut-way.js';
import { closeInTeardown } from '../../support/given-back.js';
import { NUMBERED_PROTO, openNumbered } from '../../support/numbered.js';
import { connect } from '../../support/websocket.js';
import { schemaFromText } from '../schema/schema-from-text.js';

// The connection of a client is cut behind every single byte that it gets, and it comes back with the last id that it has seen.

t.setTimeout(120_000);

const COUNT = 3;
const ALL = Array.from({ length: COUNT }, (_, index) => index + 1);
/** Clients that are cut at once. */
const AT_ONCE = 24;

async function serve(t: Test) {
  const service = await openNumbered(t, () => undefined);
  const gateway = await openGateway({
    upstream: service.target,
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    schema: await schemaFromText(t, NUMBERED_PROTO),
    log: pino({ level: 'silent' }),
    graceMs: 1_000,
  });
  closeInTeardown(t, gateway);
  return gateway.url;
}

/** What of an answer arrives in the first `most` bytes. */
async function firstBytes(url: string, headers: readonly string[], most: number): Promise<Buffer> {
  const { hostname, port } = new URL(url);
  const socket = connectTcp(Number(port), hostname);
  socket.on('error', () => {});
  socket.write(
    [
      `GET /t.S/Numbers?count=${COUNT} HTTP/1.1`,
      'host: localhost',
      'connection: close',
      ...headers,
      '',
      '',
    ].join('\r\n'),
  );
  let bytes = Buffer.alloc(0);
  if (most > 0) {
    for await (const chunk of socket) {
      bytes = Buffer.concat([bytes, chunk]);
      if (bytes.length >= most) break;
    }
  }
  socket.destroy();
  return bytes.subarray(0, most);
}

/** The body of an answer as far as it came: its head, and the content of its whole chunks and of the part of one. */
function bodyOf(answer: Buffer): { readonly head: string; readonly body: string } {
  const text = answer.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return { head: '', body: '' };
  let body = '';
  for (let at = end + 4; ; ) {
    const line = text.indexOf('\r\n', at);
    if (line < 0) break;
    const length = Number.parseInt(text.slice(at, line), 16);
    if (!(length > 0)) break;
    body += text.slice(line + 2, line + 2 + length);
    at = line + 2 + length + 2;
  }
  return { head: text.slice(0, end).toLowerCase(), body };
}

interface Form {
  readonly accept: string;
  /** The numbers that have come whole, and the id to come back with. */
  read(head: string, body: string): { readonly ids: number[]; readonly last: string | undefined };
}

const SSE: Form = {
  accept: 'text/event-stream',
  read(_head, body) {
    const ids: number[] = [];
    let last: string | undefined;
    // What is not ended by an empty line is no event.
    for (const block of body.split('\n\n').slice(0, -1)) {
      last = /^id: (.*)$/m.exec(block)?.[1] ?? last;
      const { id } = JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? '{}');
      if (id !== undefined) ids.push(id);
    }
    return { ids, last };
  },
};

/** Looks at no message for its place: it counts from the header. */
const COUNTING: Form = {
  accept: 'application/x-ndjson',
  read(head, body) {
    const lines = body.split('\n').slice(0, -1);
    const from = Number(/^sluice-last-event-id: (.*)$/m.exec(head)?.[1]?.trim() ?? 0);
    const ids = lines.map((line) => JSON.parse(line).id);
    return { ids, last: head === '' || from + ids.length === 0 ? undefined : String(from + ids.length) };
  },
};

/** Within a head, which says nothing before it is whole, only each so many bytes. */
const HEAD_STEP = 31;

/** Runs a task for each offset up to the last, so many at once. */
async function atEach(
  headBytes: number,
  last: number,
  task: (offset: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next <= last) {
      const offset = next;
      next = offset < headBytes ? Math.min(offset + HEAD_STEP, headBytes) : offset + 1;
      await task(offset);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

for (const form of [SSE, COUNTING]) {
  t.test(`${form.accept}, cut at every byte`, async (t) => {
    const url = await serve(t);
    const ask = (last: string | undefined, most: number) =>
      firstBytes(
        url,
        [`accept: ${form.accept}`, ...(last === undefined ? [] : [`last-event-id: ${last}`])],
        most,
      );
    const whole = await ask(undefined, Number.POSITIVE_INFINITY);
    let wrong = 0;
    await atEach(whole.indexOf('\r\n\r\n'), whole.length, async (offset) => {
      const first = bodyOf(await ask(undefined, offset));
      const seen = form.read(first.head, first.body);
      const ids = [...seen.ids];
      // SSE has told the end already: then nothing more is to come.
      const again = bodyOf(await ask(seen.last, Number.POSITIVE_INFINITY));
      ids.push(...form.read(again.head, again.body).ids);
      if (JSON.stringify(ids) === JSON.stringify(ALL)) return;
      wrong += 1;
      if (wrong < 5) t.same(ids, ALL, `cut behind ${offset} bytes, with ${seen.last}`);
    });
    t.equal(wrong, 0, `${whole.length} offsets`);
  });
}

t.test('a session, cut at every byte', async (t) => {
  const url = await serve(t);
  /** The numbers of one connection, and the cursor of the last. */
  const ask = async (way: { readonly url: string }, last: string | undefined) => {
    const ids: number[] = [];
    let cursor = last;
    try {
      const { socket, next } = await connect(`${way.url.replace('http', 'ws')}/_sluice/session`, {}, [
        'sluice.v1.json',
      ]);
      socket.send(
        JSON.stringify({
          open: { id: 1, method: 't.S/Numbers', credit: 100, ...(last !== undefined && { cursor: last }) },
        }),
      );
      socket.send(JSON.stringify({ message: { id: 1, data: { count: COUNT } } }));
      for (let frame = await next(); frame !== undefined; frame = await next()) {
        const { message, end } = JSON.parse(String(frame));
        if (end !== undefined) {
          socket.terminate();
          return { ids, cursor, isEnded: true };
        }
        if (message === undefined) continue;
        ids.push(message.data.id);
        cursor = message.cursor;
      }
    } catch {
      // The handshake was cut.
    }
    return { ids, cursor, isEnded: false };
  };
  const ways = await Promise.all(Array.from({ length: AT_ONCE }, () => openCutWay(t, url)));
  const [first] = ways;
  if (first === undefined) throw new Error('no way');
  await ask(first, undefined);
  const bytes = first.passed;
  let wrong = 0;
  // The handshake's.
  await atEach(150, bytes, async (offset) => {
    const way = ways.pop();
    if (way === undefined) throw new Error('no way');
    way.most = Math.max(1, offset);
    const cut = await ask(way, undefined);
    way.most = Number.POSITIVE_INFINITY;
    const ids = [...cut.ids];
    if (!cut.isEnded) ids.push(...(await ask(way, cut.cursor)).ids);
    ways.push(way);
    if (JSON.stringify(ids) === JSON.stringify(ALL)) return;
    wrong += 1;
    if (wrong < 5) t.same(ids, ALL, `cut behind ${offset} bytes`);
  });
  t.equal(wrong, 0, `${bytes} offsets`);
});
