import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { Batch, type CallStart, denseIds, type Gap } from '../../../gateway/upstream/index.js';
import { playCall, serveCalls } from '../../support/fake-calls.js';
import { frame, framesOf, webAnswer } from '../../support/grpc-frames.js';
import { http } from '../../support/http.js';
import { connectHttp2 } from '../../support/http2-client.js';
import { connect } from '../../support/websocket.js';
import { schemaFromText } from '../schema/schema-from-text.js';

// What a call that knows its positions tells its client, on every surface: where it begins, how each message is called, and what is missing.

const PROTO = `
  message Ask {}
  message Item { string text = 1; }
  service S {
    rpc Plain(Ask) returns (stream Item) { option idempotency_level = NO_SIDE_EFFECTS; }
    rpc Newest(Ask) returns (stream Item) {
      option idempotency_level = NO_SIDE_EFFECTS;
      option (sluice.v1.stream) = { slow_reader: { policy: DROP_OLDEST } };
    }
  }`;

const EPOCH = 'abcdefgh1234';
const id = (seq: number) => `~${EPOCH}.${seq}`;

/** Messages with so many numbers, one batch. */
function items(first: number, count: number, gap?: Gap): () => Batch {
  return () => {
    const messages = Array.from({ length: count }, (_, index) => {
      const text = Buffer.from(String(first + index));
      return Buffer.concat([Buffer.from([0x0a, text.length]), text]);
    });
    const batch = Batch.of(messages);
    batch.ids = denseIds(`~${EPOCH}.`, first);
    batch.gap = gap;
    return batch;
  };
}

interface Case {
  readonly start?: CallStart;
  readonly batches: readonly (() => Batch)[];
}

const AT_START: Gap = { requested: id(3), resumed: id(7) };
const IN_THE_MIDDLE: Gap = { requested: id(9), resumed: id(20) };
const CASES = {
  plain: { batches: [items(1, 2)] },
  begins: { start: { lastEventId: id(7) }, batches: [items(8, 2), items(10, 1)] },
  gapAtStart: { start: { lastEventId: id(7), gap: AT_START }, batches: [items(8, 1)] },
  gapInTheMiddle: { start: { lastEventId: id(7) }, batches: [items(8, 2), items(21, 1, IN_THE_MIDDLE)] },
  gapAtTheEnd: { start: { lastEventId: id(7) }, batches: [items(8, 2), () => Batch.ofGap(IN_THE_MIDDLE)] },
} satisfies Record<string, Case>;

async function serve(t: Test, played: Case) {
  const schema = await schemaFromText(t, PROTO);
  return await serveCalls(t, schema, () => playCall(played));
}

const PATH = '/t.S/Plain';
const HEADER = 'sluice-last-event-id';

/** Events as [event, id, data]. */
function eventsOf(text: string): (string | undefined)[][] {
  return text
    .split('\n\n')
    .filter((block) => block.includes('data: '))
    .map((block) =>
      ['event', 'id', 'data'].map((name) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1]),
    );
}

t.test('SSE has ids, and an event for what is missing, as soon as it is known', async (t) => {
  const ask = async (played: Case) => {
    const { url } = await serve(t, played);
    const { headers, text } = await http(url + PATH, { headers: { accept: 'text/event-stream' } });
    return {
      position: headers[HEADER],
      events: eventsOf(text).slice(0, -1),
      end: eventsOf(text).at(-1)?.slice(0, 2),
    };
  };
  const message = (seq: number) => [undefined, id(seq), `{"text":"${seq}"}`];
  const gap = (of: Gap) => ['gap', of.resumed, JSON.stringify(of)];
  t.same(await ask(CASES.plain), {
    position: undefined,
    events: [message(1), message(2)],
    end: ['end', `~end:${id(2)}`],
  });
  t.same(await ask(CASES.begins), {
    position: id(7),
    events: [message(8), message(9), message(10)],
    end: ['end', `~end:${id(10)}`],
  });
  t.same((await ask(CASES.gapAtStart)).events, [gap(AT_START), message(8)]);
  t.same((await ask(CASES.gapInTheMiddle)).events, [message(8), message(9), gap(IN_THE_MIDDLE), message(21)]);
  t.same(await ask(CASES.gapAtTheEnd), {
    position: id(7),
    events: [message(8), message(9), gap(IN_THE_MIDDLE)],
    end: ['end', `~end:${id(20)}`],
  });
});

for (const [accept, textOfArray] of [
  ['application/x-ndjson', (text: string) => `[${text.trim().split('\n').join()}]`],
  ['application/json', (text: string) => (text.trim().endsWith(']') ? text : `${text}]`)],
  ['application/json-seq', (text: string) => `[${text.slice(1).trim().split('\n\x1e').join()}]`],
] as const) {
  t.test(`${accept} says where it begins, and breaks where messages are missing`, async (t) => {
    const ask = async (played: Case, path = PATH) => {
      const { url } = await serve(t, played);
      const { headers, text, complete } = await http(url + path, { headers: { accept } });
      const items = JSON.parse(textOfArray(text));
      return { position: headers[HEADER], items, complete };
    };
    t.same(await ask(CASES.begins), {
      position: id(7),
      items: [{ text: '8' }, { text: '9' }, { text: '10' }],
      complete: true,
    });
    t.same(await ask(CASES.gapAtStart), { position: id(7), items: [{ text: '8' }], complete: true });
    for (const played of [CASES.gapInTheMiddle, CASES.gapAtTheEnd]) {
      const { items, complete } = await ask(played);
      t.same(items.slice(0, -1), [{ text: '8' }, { text: '9' }]);
      t.match(items.at(-1), {
        error: {
          status: 'OUT_OF_RANGE',
          details: [{ reason: 'GAP', domain: 'sluice', metadata: { requested: id(9), resumed: id(20) } }],
        },
      });
      t.notOk(complete);
    }
    t.equal(
      (await ask(CASES.begins, '/t.S/Newest')).position,
      undefined,
      'who may miss messages cannot count',
    );
  });
}

t.test('HEAD says where the stream begins', async (t) => {
  const { url } = await serve(t, CASES.begins);
  for (const accept of ['text/event-stream', 'application/x-ndjson']) {
    t.equal((await http(url + PATH, { method: 'HEAD', headers: { accept } })).headers[HEADER], id(7));
  }
});

t.test('a plain WebSocket closes where messages are missing', async (t) => {
  const ask = async (played: Case) => {
    const { wsUrl } = await serve(t, played);
    const { socket, frames, closed } = await connect(wsUrl + PATH);
    socket.send('{}');
    return { ...(await closed), frames };
  };
  t.match(await ask(CASES.begins), { code: 1000, frames: ['{"text":"8"}', '{"text":"9"}', '{"text":"10"}'] });
  const atStart = await ask(CASES.gapAtStart);
  t.same(atStart.frames, [], 'not a part as if it were the whole');
  t.equal(atStart.code, 4011);
  t.match(atStart.reason, /^OUT_OF_RANGE: .*\[sluice\/GAP\]$/);
  t.match(await ask(CASES.gapInTheMiddle), { code: 4011, frames: ['{"text":"8"}', '{"text":"9"}'] });
  t.match(await ask(CASES.gapAtTheEnd), { code: 4011, reason: /\[sluice\/GAP\]$/ });
});

t.test('a session has cursors, and a frame for what is missing', async (t) => {
  const ask = async (played: Case) => {
    const { wsUrl } = await serve(t, played);
    const { socket, next } = await connect(`${wsUrl}/_sluice/session`, {}, ['sluice.v1.json']);
    socket.send(JSON.stringify({ open: { id: 1, method: 't.S/Plain', credit: 10 } }));
    socket.send(JSON.stringify({ message: { id: 1 } }));
    const frames: Record<string, Record<string, unknown>>[] = [];
    for (;;) {
      const frame = JSON.parse(String(await next()));
      if (frame.end !== undefined) break;
      if (frame.message !== undefined || frame.gap !== undefined) frames.push(frame);
    }
    socket.close();
    return frames;
  };
  const message = (seq: number) => ({ message: { id: 1, data: { text: String(seq) }, cursor: id(seq) } });
  const gap = (of: Gap) => ({ gap: { id: 1, ...of } });
  t.same(await ask(CASES.begins), [message(8), message(9), message(10)]);
  t.same(await ask(CASES.gapAtStart), [gap(AT_START), message(8)]);
  t.same(await ask(CASES.gapInTheMiddle), [message(8), message(9), gap(IN_THE_MIDDLE), message(21)]);
  t.same(await ask(CASES.gapAtTheEnd), [message(8), message(9), gap(IN_THE_MIDDLE)]);
});

t.test('the frame of a gap is that of the contract, as protobuf', async (t) => {
  const { wsUrl } = await serve(t, CASES.gapAtStart);
  const socket = new WebSocket(`${wsUrl}/_sluice/session`, ['sluice.v1.proto']);
  t.teardown(() => socket.terminate());
  const frames: Buffer[] = [];
  await new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer) => {
      frames.push(data);
      if (data[0] === 0x22) resolve();
    });
    socket.once('open', () => {
      const name = Buffer.from('t.S/Plain');
      const open = Buffer.concat([Buffer.from([0x08, 1, 0x12, name.length]), name, Buffer.from([0x28, 10])]);
      socket.send(Buffer.concat([Buffer.from([0x0a, open.length]), open]));
      socket.send(Buffer.from([0x12, 2, 0x08, 1]));
    });
  });
  const gap = frames.find((bytes) => bytes[0] === 0x3a);
  const text = (field: number, value: string) =>
    Buffer.concat([Buffer.from([field * 8 + 2, value.length]), Buffer.from(value)]);
  const body = Buffer.concat([Buffer.from([0x08, 1]), text(2, id(3)), text(3, id(7))]);
  t.same(gap, Buffer.concat([Buffer.from([0x3a, body.length]), body]));
});

t.test('gRPC, gRPC-Web and Connect say where they begin, and end where messages are missing', async (t) => {
  const native = async (url: string) => {
    const session = connectHttp2(t, url);
    const stream = session.request({
      ':method': 'POST',
      ':path': PATH,
      'content-type': 'application/grpc',
      te: 'trailers',
    });
    stream.end(frame(Buffer.alloc(0)));
    const chunks: Buffer[] = [];
    let position: unknown;
    let code: unknown;
    stream.on('response', (headers) => {
      position = headers[HEADER];
      code ??= headers['grpc-status'];
    });
    stream.on('trailers', (trailers) => {
      code = `${trailers['grpc-status']} ${trailers['sluice-reason'] ?? ''}`.trim();
    });
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return { position, messages: framesOf(Buffer.concat(chunks)).length, code };
  };
  const web = async (url: string) => {
    const { headers, bytes } = await http(url + PATH, {
      method: 'POST',
      headers: { 'content-type': 'application/grpc-web+proto' },
      body: frame(Buffer.alloc(0)),
    });
    const { messages, trailers = [] } = webAnswer(bytes);
    const of = new Map(trailers);
    const code = `${of.get('grpc-status')} ${of.get('sluice-reason') ?? ''}`.trim();
    return { position: headers[HEADER], messages: messages.length, code };
  };
  const connectStream = async (url: string) => {
    const { headers, bytes } = await http(url + PATH, {
      method: 'POST',
      headers: { 'content-type': 'application/connect+proto' },
      body: frame(Buffer.alloc(0)),
    });
    const frames = framesOf(bytes);
    const end = JSON.parse(frames.at(-1)?.bytes.toString() ?? '{}');
    const reason = end.metadata?.['sluice-reason']?.[0] ?? '';
    const code =
      end.error === undefined ? '0' : `${end.error.code === 'out_of_range' ? 11 : end.error.code} ${reason}`;
    return { position: headers[HEADER], messages: frames.length - 1, code };
  };
  for (const ask of [native, web, connectStream]) {
    const asked = async (played: Case) => await ask((await serve(t, played)).url);
    t.match(await asked(CASES.plain), { position: undefined, messages: 2, code: '0' }, ask.name);
    t.match(await asked(CASES.begins), { position: id(7), messages: 3, code: '0' }, ask.name);
    t.match(await asked(CASES.gapAtStart), { position: id(7), messages: 1, code: '0' }, ask.name);
    t.match(await asked(CASES.gapInTheMiddle), { messages: 2, code: '11 GAP' }, ask.name);
    t.match(await asked(CASES.gapAtTheEnd), { messages: 2, code: '11 GAP' }, ask.name);
  }
});

t.test('a policy that drops messages keeps the ids of those that it keeps', async (t) => {
  const schema = await schemaFromText(t, PROTO);
  const { wsUrl } = await serveCalls(t, schema, () =>
    playCall({ start: { lastEventId: id(0) }, batches: [items(1, 5), items(6, 3_000)] }),
  );
  const { socket, next } = await connect(`${wsUrl}/_sluice/session`, {}, ['sluice.v1.json']);
  socket.send(JSON.stringify({ open: { id: 1, method: 't.S/Newest', credit: 2 } }));
  socket.send(JSON.stringify({ message: { id: 1 } }));
  const pairs: [string, string][] = [];
  let end: unknown;
  while (end === undefined) {
    const frame = JSON.parse(String(await next()));
    end = frame.end;
    if (frame.message === undefined) continue;
    pairs.push([frame.message.data.text, frame.message.cursor]);
    if (pairs.length === 2) socket.send(JSON.stringify({ credit: { id: 1, messages: 5_000 } }));
  }
  t.ok(pairs.length < 3_005, 'some were dropped');
  for (const [text, cursor] of pairs) if (cursor !== id(Number(text))) t.fail(`${text} is called ${cursor}`);
  t.equal(pairs.at(-1)?.[1], id(3_005));
  socket.close();
});
