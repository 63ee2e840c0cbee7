import t, { type Test } from 'tap';
import { Alarm, createDeferred } from '../../../gateway/async/index.js';
import { ENDED, type Status } from '../../../gateway/status/index.js';
import {
  AFTER_EXPIRY,
  AT_EXPIRY,
  BEFORE_EXPIRY,
  expiryDelayMs,
} from '../../../gateway/surfaces/exchange/expiry.js';
import { Batch, type Call, type Transport } from '../../../gateway/upstream/index.js';
import { envelope } from '../../support/connect.js';
import { serveCalls } from '../../support/fake-calls.js';
import { frame, framesOf, webAnswer } from '../../support/grpc-frames.js';
import { http, send } from '../../support/http.js';
import { connectHttp2 } from '../../support/http2-client.js';
import { leasedIdentity } from '../../support/leased.js';
import { connect } from '../../support/websocket.js';
import { schemaFromText } from '../schema/schema-from-text.js';

// What becomes of what a credential has opened when it ends. Tokens of these tests say for how many milliseconds they count.

const PROTO = `
  message Ask { int32 after = 1; }
  message Item { int32 id = 1; }
  message Part { bytes data = 1; string name = 2; }
  message Name { string name = 1; }
  service S {
    rpc Numbers(Ask) returns (stream Item) {
      option idempotency_level = NO_SIDE_EFFECTS;
      option (sluice.v1.stream) = { cursor: "id" resume: "after" };
    }
    rpc Both(stream Ask) returns (stream Item);
    rpc Up(stream Ask) returns (Item);
    rpc One(Ask) returns (Item);
    rpc Fetch(Name) returns (stream Part) {
      option (google.api.http) = { get: "/files/{name}" };
      option (sluice.v1.file) = { data: "data" };
    }
    rpc Store(stream Part) returns (Item) {
      option (google.api.http) = { put: "/files/{name}" body: "data" };
      option (sluice.v1.file) = { data: "data" };
    }
  }`;

/** A call that never ends by itself: a number every few milliseconds, from the one after that which the client has on. */
function numbers(opened: Call[]): Transport['open'] {
  return (method, { signal }) => {
    const ended = createDeferred<Status>();
    const asked = createDeferred<void>();
    // The field that a number is in: `id`, or `data` of a part.
    const head = method.endsWith('Fetch') ? [0x0a, 1] : [0x08];
    let after = 0;
    let isOver = false;
    let timer: NodeJS.Timeout | undefined;
    let wake: (batch: Batch | undefined) => void = () => {};
    const end = (status: Status) => {
      isOver = true;
      clearTimeout(timer);
      ended.resolve(status);
      asked.resolve();
      wake(undefined);
    };
    const call: Call = {
      headers: Promise.resolve([]),
      status: ended.promise,
      async read() {
        await asked.promise;
        if (isOver) return undefined;
        // A unary method answers once, and late.
        if (method.endsWith('One') && after > 0) {
          end(ENDED);
          return undefined;
        }
        if (method.endsWith('Up') || method.endsWith('Store')) {
          return await new Promise((resolve) => {
            wake = resolve;
          });
        }
        return await new Promise((resolve) => {
          wake = resolve;
          timer = setTimeout(
            () => resolve(Batch.of([Buffer.from([...head, ++after])])),
            method.endsWith('One') ? 250 : 20,
          );
        });
      },
      write(batch) {
        const [first] = batch;
        const bytes =
          first === undefined ? Buffer.alloc(0) : Buffer.concat(Array.isArray(first) ? first : [first]);
        if (method.endsWith('Numbers')) after = bytes.at(-1) ?? 0;
        asked.resolve();
        return true;
      },
      halfClose: () => asked.resolve(),
      cancel: () => end({ ...ENDED, code: 1 }),
    };
    signal.addEventListener('abort', call.cancel);
    opened.push(call);
    return call;
  };
}

async function serve(t: Test) {
  const opened: Call[] = [];
  const schema = await schemaFromText(t, PROTO);
  const served = await serveCalls(t, schema, numbers(opened), {}, leasedIdentity());
  return { ...served, opened };
}

const bearer = (leftMs: number) => ({ authorization: `Bearer me::${leftMs}` });

t.test('when an exchange ends', async (t) => {
  for (const random of [0, 0.25, 0.999]) {
    const sse = (leftMs: number) => leftMs - expiryDelayMs(BEFORE_EXPIRY, leftMs, random);
    for (const leftMs of [50_000, 60_000, 3_600_000]) {
      t.ok(sse(leftMs) <= 25_000 && sse(leftMs) >= 5_000, `${leftMs} at ${random}`);
    }
    t.equal(expiryDelayMs(BEFORE_EXPIRY, 49_999, random), 49_999 / 2);
    t.equal(expiryDelayMs(BEFORE_EXPIRY, 100, random), 50);
    t.ok(expiryDelayMs(BEFORE_EXPIRY, -3_000, random) <= 0, 'tolerance does not extend a stream');
    t.equal(expiryDelayMs(AT_EXPIRY, 70_000, random), 70_000);
    t.equal(expiryDelayMs(AFTER_EXPIRY, 70_000, random), 670_000);
  }
  t.not(
    expiryDelayMs(BEFORE_EXPIRY, 60_000, 0.1),
    expiryDelayMs(BEFORE_EXPIRY, 60_000, 0.9),
    'not all at once',
  );
});

t.test('SSE ends before, can be gone on with, and loses nothing', async (t) => {
  const { url } = await serve(t);
  const ids: number[] = [];
  let last: string | undefined;
  for (let turn = 0; turn < 3; turn += 1) {
    const begun = Date.now();
    const { status, text } = await http(`${url}/t.S/Numbers`, {
      headers: {
        ...bearer(turn === 2 ? 1_400 : 300),
        accept: 'text/event-stream',
        ...(last === undefined ? {} : { 'last-event-id': last }),
      },
    });
    // Far enough from its end for a machine that stalls.
    if (turn === 2) t.ok(Date.now() - begun < 1_400, 'at half of it');
    t.equal(status, 200);
    const error = text.slice(text.indexOf('event: error'));
    t.match(error, /^event: error\nretry: \d+\ndata: /);
    t.notMatch(error, /^id:/m, 'no final id');
    t.match(JSON.parse(/^data: (.*)$/m.exec(error)?.[1] ?? ''), {
      error: { status: 'UNAUTHENTICATED', details: [{ reason: 'CREDENTIAL_EXPIRED' }] },
    });
    for (const [, id = ''] of text.matchAll(/^id: (.*)$/gm)) {
      ids.push(Number(id));
      last = id;
    }
  }
  t.ok(ids.length > 5);
  t.same(
    ids,
    ids.map((_, index) => index + 1),
    'each once, in order',
  );
});

t.test('an EventSource whose token ends before the head is not sent away for ever', async (t) => {
  const { url } = await serve(t);
  // Accepted within the tolerance for clocks.
  const headers = { ...bearer(-1_000), accept: 'text/event-stream' };
  const { status, text } = await http(`${url}/t.S/Numbers`, { headers });
  t.equal(status, 200);
  t.match(text, /event: error\nretry: \d+\ndata: .*CREDENTIAL_EXPIRED/);
});

t.test('bodies of JSON end at that time, with the reason as their last element', async (t) => {
  const { url } = await serve(t);
  const asked = ['application/x-ndjson', 'application/json', 'application/json-seq'].map(async (accept) => {
    const begun = Date.now();
    const { text, complete } = await http(`${url}/t.S/Numbers`, { headers: { ...bearer(200), accept } });
    return { accept, text, complete, ms: Date.now() - begun };
  });
  for (const { accept, text, complete, ms } of await Promise.all(asked)) {
    t.ok(ms >= 195, `${accept}: not before, but after ${ms} ms`);
    t.match(text, /"id":\d+/, accept);
    t.match(text.slice(text.lastIndexOf('{"error"')), /"UNAUTHENTICATED".*CREDENTIAL_EXPIRED/, accept);
    t.notOk(complete, `${accept}: no client takes it for the whole`);
  }
});

t.test('a stream of requests that has no answer yet is 401', async (t) => {
  const { url } = await serve(t);
  const sent = send(`${url}/t.S/Up`, {
    method: 'POST',
    headers: { ...bearer(400), 'content-type': 'application/x-ndjson' },
  });
  sent.write('{}\n');
  const [response] = await new Promise<[{ statusCode?: number; headers: Record<string, unknown> }]>(
    (resolve) => sent.once('response', (...given) => resolve(given as never)),
  );
  t.equal(response.statusCode, 401);
  t.equal(response.headers['www-authenticate'], 'Bearer error="invalid_token"');
  sent.destroy();
});

t.test('files may go on for ten minutes', async (t) => {
  const { url } = await serve(t);
  const LATE = 600_000;
  const [breaks, uploaded] = await Promise.all([
    http(`${url}/files/x`, { headers: bearer(150 - LATE) }),
    http(`${url}/files/x`, { method: 'PUT', body: 'abc', headers: bearer(150 - LATE) }),
  ]);
  t.equal(breaks.status, 200);
  t.notOk(breaks.complete, 'the transfer breaks');
  t.equal(uploaded.status, 401);
  // One that has been over for a minute is not ended by that.
  const sent = send(`${url}/files/x`, { headers: bearer(-60_000) });
  sent.end();
  const ended = await new Promise((resolve) => {
    sent.once('response', (response) => {
      response.once('aborted', () => resolve('broken'));
      let parts = 0;
      response.on('data', () => {
        parts += 1;
        if (parts === 4) resolve('goes on');
      });
    });
  });
  t.equal(ended, 'goes on');
  sent.destroy();
});

t.test('a plain WebSocket closes with 4016', async (t) => {
  const { wsUrl } = await serve(t);
  for (const method of ['Numbers', 'Both', 'Up']) {
    const { socket, frames, closed } = await connect(`${wsUrl}/t.S/${method}`, { headers: bearer(300) });
    socket.send('{}');
    t.match(await closed, { code: 4016, reason: /^UNAUTHENTICATED: .*\[sluice\/CREDENTIAL_EXPIRED\]$/ });
    t.equal(frames.length > 0, method !== 'Up');
  }
});

t.test('streams of gRPC, gRPC-Web and Connect end with 16', async (t) => {
  const { url } = await serve(t);
  const web = async () => {
    const { bytes } = await http(`${url}/t.S/Numbers`, {
      method: 'POST',
      body: frame(Buffer.alloc(0)),
      headers: { ...bearer(400), 'content-type': 'application/grpc-web+proto' },
    });
    const { messages, trailers } = webAnswer(bytes);
    t.ok(messages.length > 0);
    return trailers?.find(([name]) => name === 'grpc-status')?.[1];
  };
  const native = async () => {
    const stream = connectHttp2(t, url).request({
      ':method': 'POST',
      ':path': '/t.S/Numbers',
      'content-type': 'application/grpc',
      te: 'trailers',
      ...bearer(400),
    });
    stream.end(frame(Buffer.alloc(0)));
    stream.resume();
    return await new Promise((resolve) => {
      stream.on('trailers', (trailers) => resolve(trailers['grpc-status']));
    });
  };
  const connected = async () => {
    const { bytes } = await http(`${url}/t.S/Numbers`, {
      method: 'POST',
      body: envelope(Buffer.alloc(0)),
      headers: { ...bearer(400), 'content-type': 'application/connect+proto' },
    });
    return JSON.parse(String(framesOf(bytes).at(-1)?.bytes)).error.code;
  };
  t.same(await Promise.all([web(), native(), connected()]), ['16', '16', 'unauthenticated']);
});

t.test('a unary call ends by itself, on every surface, and sets no alarm', async (t) => {
  const { url, wsUrl } = await serve(t);
  const before = Alarm.count;
  const { status } = await http(`${url}/t.S/One`, {
    method: 'POST',
    body: '{}',
    headers: { ...bearer(50), 'content-type': 'application/json' },
  });
  t.equal(status, 200);
  const { socket, closed } = await connect(`${wsUrl}/t.S/One`, { headers: bearer(50) });
  socket.send('{}');
  t.match(await closed, { code: 1000 });
  t.equal(Alarm.count, before);
});

t.test('what ends before its credential leaves no alarm behind', async (t) => {
  const { url, wsUrl } = await serve(t);
  const before = Alarm.count;
  const { socket, closed, next } = await connect(`${wsUrl}/t.S/Numbers`, { headers: bearer(3_600_000) });
  socket.send('{}');
  await next();
  t.ok(Alarm.count > before);
  socket.close();
  await closed;
  const sent = send(`${url}/t.S/Numbers`, { headers: { ...bearer(3_600_000), accept: 'text/event-stream' } });
  sent.end();
  await new Promise((resolve) => sent.once('response', (response) => response.once('data', resolve)));
  sent.destroy();
  while (Alarm.count > before) await new Promise((resolve) => setTimeout(resolve, 5));
  t.equal(Alarm.count, before);
});
