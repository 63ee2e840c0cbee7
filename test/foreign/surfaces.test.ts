import t from 'tap';
import { head, http, httpJson, open, send, settled, sseEvents, until } from '../support/http.js';
import { quiet } from '../support/quiet.js';
import { connect } from '../support/websocket.js';
import { progress, startGateway, startPeer } from './peer.js';
import { skip } from './python.js';

const JSON_BODY = { 'content-type': 'application/json' };
const LINES = { 'content-type': 'application/x-ndjson' };
const SSE = { accept: 'text/event-stream' };
const ARRAY = { accept: 'application/json' };
const BYTES = { accept: 'application/octet-stream' };

/** HTTP status and name of each gRPC number, by google/rpc/code.proto. */
const CODES: readonly [number, number, string][] = [
  [1, 499, 'CANCELLED'],
  [2, 500, 'UNKNOWN'],
  [3, 400, 'INVALID_ARGUMENT'],
  [4, 504, 'DEADLINE_EXCEEDED'],
  [5, 404, 'NOT_FOUND'],
  [6, 409, 'ALREADY_EXISTS'],
  [7, 403, 'PERMISSION_DENIED'],
  [8, 429, 'RESOURCE_EXHAUSTED'],
  [9, 400, 'FAILED_PRECONDITION'],
  [10, 409, 'ABORTED'],
  [11, 400, 'OUT_OF_RANGE'],
  [12, 501, 'UNIMPLEMENTED'],
  [13, 500, 'INTERNAL'],
  [14, 503, 'UNAVAILABLE'],
  [15, 500, 'DATA_LOSS'],
  [16, 401, 'UNAUTHENTICATED'],
];
const RETRYABLE = new Set([4, 8, 10, 14]);

t.test('a service in Python, known by its reflection', { skip }, async (t) => {
  const peer = await startPeer(t);
  const url = await startGateway(t, peer.target);
  const path = (method: string) => `${url}/foreign.v1.Peer/${method}`;
  const post = (method: string, message: unknown, headers = {}) =>
    http(path(method), { body: JSON.stringify(message), headers: { ...JSON_BODY, ...headers } });
  const dial = (method: string, query = '') => connect(`${path(method).replace('http', 'ws')}${query}`);

  t.test('unary calls, whatever their names and paths', async (t) => {
    t.same((await httpJson(`${url}/Bare/say?word=hi`)).json, { word: 'hi' }, 'a service without package');
    t.same((await httpJson(`${url}/legacy.Legacy/Echo?key=k`)).json, { key: 'k' }, 'proto2');
    t.same((await httpJson(`${url}/foreign.v1.Legacy/Echo?number=3`)).json, { number: '3' });
    t.equal((await http(path('metadata_OF'))).status, 200, 'a method name is taken as it is');
    t.equal((await http(path('metadata_of'))).status, 404);
    const rule = await http(`${url}/foreign/echo/a%2Fb/7?flag=true`, {
      method: 'PUT',
      body: '{"constructor":"c"}',
      headers: JSON_BODY,
    });
    t.same(JSON.parse(rule.text), { text: 'a/b', flag: true, nested: { number: 7, constructor: 'c' } });
    t.equal((await http(`${url}/foreign/shelves/s/books/b/c:peek`)).text, '"shelves/s/books/b/c"');
    t.same((await httpJson(`${url}/foreign/echo/77`, { method: 'DELETE' })).json, { id: '77' });
  });

  t.test('server streams in every form', async (t) => {
    t.equal((await http(`${url}/foreign/count/3`)).text, '{}\n{"number":"1"}\n{"number":"2"}\n');
    t.equal(JSON.parse((await post('Count', { count: 1000, size: 10 }, ARRAY)).text).length, 1000);
    const sse = await post('FailStream', { after: 2, headersFirst: true }, SSE);
    t.match(sse.headers, { 'grpc-metadata-x-early': '1', 'grpc-metadata-x-early-bin': 'AQID' });
    t.match(sseEvents(sse.text), [
      { data: {} },
      { data: { number: '1' } },
      { event: 'end', id: '~end', data: { status: { code: 0 }, trailers: { 'x-trailer-bin': 'AP8=' } } },
    ]);
    const bytes = await http(`${path('Bytes')}?count=3&size=2`, { headers: BYTES });
    t.same([...bytes.bytes], [0, 0, 1, 1, 2, 2]);
  });

  t.test('client streams and conversations, as lines, bytes and frames', async (t) => {
    const body = '{"number":"1"}\n\n{"number":2}\r\n{"number":3}';
    const sum = await http(`${url}/foreign/sum/n`, { body, headers: LINES });
    t.same(JSON.parse(sum.text), { number: '6', name: 'n' });
    const talk = await http(path('Talk'), { body: '{"number":2}\n{"number":3}\n', headers: LINES });
    t.equal(talk.text, '{"number":"4"}\n{"number":"6"}\n');
    const upload = await http(`${path('TakeBytes')}?path=p`, {
      body: Buffer.alloc(300_000),
      headers: { 'content-type': 'application/octet-stream' },
    });
    t.same(JSON.parse(upload.text), { number: '300000', name: 'p' });

    const text = await dial('Talk');
    text.socket.send('{"number":5}');
    t.equal(await text.next(), '{"number":"10"}', 'an answer before the half-close');
    text.socket.send('');
    t.same(await text.closed, { code: 1000, reason: '' });
    const binary = await dial('Talk');
    binary.socket.send(Buffer.from([8, 5]));
    t.same(await binary.next(), Buffer.from([8, 10]));
    binary.socket.send(Buffer.alloc(0));
    t.same(await binary.next(), Buffer.alloc(0), 'an empty binary frame is a message');
    binary.socket.send('');
    t.equal((await binary.closed).code, 1000);
    const down = await dial('Count', '?count=2');
    down.socket.send('');
    t.equal((await down.closed).code, 1000);
    t.same(down.frames, ['{}', '{"number":"1"}']);
  });

  t.test('every status, before and after the first message', async (t) => {
    for (const [code, status, name] of CODES) {
      for (const headersFirst of [false, true]) {
        const early = await post('Fail', { code, message: 'mäß', headersFirst });
        t.same([early.status, early.headers['grpc-status']], [status, String(code)], `${name} as HTTP`);
        t.same(JSON.parse(early.text), {
          error: { code: status, status: name, message: 'mäß', details: [] },
        });
        const stream = await post('FailStream', { code, headersFirst }, ARRAY);
        t.equal(stream.status, status, `${name} of a stream, headers first: ${headersFirst}`);
        const only = await http(`${path('FailStream')}?code=${code}&headersFirst=${headersFirst}`, {
          headers: SSE,
        });
        t.equal(only.status, RETRYABLE.has(code) ? 200 : status, `${name} for an EventSource`);
      }
      const error = { error: { code: status, status: name } };
      const late = await post('FailStream', { code, after: 2 }, SSE);
      const last = sseEvents(late.text).at(-1);
      t.match(last, { event: 'error', data: { ...error, truncated: false } });
      t.equal(last?.id, RETRYABLE.has(code) ? undefined : '~end');
      t.ok(late.complete);
      const lines = await post('FailStream', { code, after: 2 });
      t.match(
        lines.text
          .split('\n')
          .slice(0, 3)
          .map((line) => JSON.parse(line)),
        [{}, { number: '1' }, error],
      );
      t.notOk(lines.complete, 'no client takes it for a whole one');
      t.equal(lines.error, 'aborted', 'cut by a FIN');
      const socket = await dial('FailStream', `?code=${code}&message=m&after=1`);
      socket.socket.send('');
      t.same(await socket.closed, { code: 4000 + code, reason: `${name}: m` });
      t.same(socket.frames, ['{}']);
    }
  });

  t.test('details of a status, known and unknown', async (t) => {
    const { status, headers, text } = await post('Fail', { code: 8, details: true, retrySeconds: 3 });
    t.match([status, headers], [429, { 'retry-after': '3', 'grpc-trailer-x-trailer-bin': 'AP8=' }]);
    t.same(JSON.parse(text).error.details, [
      { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '3s' },
      {
        '@type': 'type.googleapis.com/google.rpc.BadRequest',
        fieldViolations: [{ field: 'text', description: 'too long' }],
      },
      { '@type': 'type.googleapis.com/foreign.v1.Item', number: '7' },
      { '@type': 'type.googleapis.com/nobody.Knows', value: 'AQI=' },
    ]);
  });

  t.test('metadata both ways, and the deadline', async (t) => {
    const seen = await post(
      'metadata_OF',
      {},
      {
        authorization: 'Bearer x',
        cookie: 'never=travels',
        'x-request-id': 'mine',
        'grpc-metadata-a': 'b',
        'grpc-metadata-c-bin': 'AP8',
        'grpc-timeout': '600S',
      },
    );
    const { text, binary, left } = JSON.parse(seen.text);
    t.match(text, { authorization: 'Bearer x', 'x-request-id': 'mine', a: 'b' });
    t.notOk('cookie' in text);
    t.same(binary, { 'c-bin': 'AP8=' });
    t.ok(Number.parseFloat(left) > 500 && Number.parseFloat(left) <= 600, `left: ${left}`);
    t.match(seen.headers, {
      'x-request-id': 'mine',
      'grpc-metadata-x-initial': 'i',
      'grpc-metadata-x-initial-bin': '/v8=',
      'grpc-trailer-x-last': 'l',
      'grpc-trailer-x-last-bin': 'AA==',
    });
    // Long enough for the call to come to the service, whose part of it is looked at.
    const late = await post('HangUnary', { name: 'deadline' }, { 'grpc-timeout': '2S' });
    t.same([late.status, late.headers['grpc-status']], [504, '4']);
    await peer.event(t, 'ended', 'deadline');
    t.equal((await post('metadata_OF', {}, { 'grpc-metadata-te': 'x' })).status, 400);
  });

  t.test('whoever leaves has the call cancelled', async (t) => {
    for (const [name, method, headers] of [
      ['leave-unary', 'HangUnary', {}],
      ['leave-sse', 'Hang', SSE],
      ['leave-lines', 'Hang', {}],
      ['leave-array', 'Hang', ARRAY],
    ] as const) {
      const sent = send(path(method), { method: 'POST', headers: { ...JSON_BODY, ...headers } });
      sent.end(JSON.stringify({ name, count: 1 }));
      await peer.event(t, 'hanging', name);
      sent.destroy();
      await peer.event(t, 'ended', name);
    }
    const socket = await dial('Hang', '?name=leave-socket');
    socket.socket.send('');
    await peer.event(t, 'hanging', 'leave-socket');
    socket.socket.terminate();
    await peer.event(t, 'ended', 'leave-socket');
    for (const [method, type, body, event] of [
      ['Sum', 'application/x-ndjson', '{"name":"part-lines"}\n', 'part-lines'],
      ['TakeBytes?path=part-bytes', 'application/octet-stream', 'x'.repeat(100_000), 'part-bytes'],
    ] as const) {
      const sent = send(path(method), { method: 'POST', headers: { 'content-type': type } });
      sent.write(body);
      while ((await progress(url, event)) === 0);
      sent.destroy();
      t.match(await peer.event(t, 'broken', event), { event: 'broken' }, 'a part is never the whole');
    }
  });

  t.test('a reader that stops makes Python stop writing, for every surface', async (t) => {
    const size = 65_536;
    const count = 100_000;
    const stalls: (() => Promise<unknown>)[] = [];
    for (const [name, method, headers] of [
      ['stall-sse', 'Count', SSE],
      ['stall-lines', 'Count', {}],
      ['stall-bytes', 'Bytes', BYTES],
    ] as const) {
      const { socket } = await open(path(method), {
        body: JSON.stringify({ name, count, size }),
        headers: { ...JSON_BODY, ...headers },
      });
      stalls.push(async () => socket.destroy());
    }
    const stalled = await dial('Count', `?name=stall-socket&count=${count}&size=${size}`);
    stalled.socket.send('');
    stalled.socket.pause();
    stalls.push(async () => stalled.socket.terminate());
    const names = ['stall-sse', 'stall-lines', 'stall-bytes', 'stall-socket'];
    const counts = () => Promise.all(names.map((name) => progress(url, name)));
    let before = await counts();
    for (let same = 0; same < 6; ) {
      await quiet(100);
      const now = await counts();
      same =
        now.every((value, index) => value === before[index]) && now.every((value) => value > 0)
          ? same + 1
          : 0;
      before = now;
    }
    for (const [index, value] of before.entries()) {
      // 8 MiB: what two kernels' socket buffers, HTTP/2 windows and the gateway's own bounds may hold together.
      t.ok(value > 0 && value < (8 * 1024 * 1024) / size, `${names[index]} stopped at ${value} messages`);
    }
    for (const leave of stalls) await leave();
    for (const name of names) t.match(await peer.event(t, 'ended', name), { cancelled: true }, name);
  });

  t.test('a service that does not read makes the sender stop, and loses nothing', async (t) => {
    const total = 48 * 1024 * 1024;
    const line = `{"number":1,"data":"${'A'.repeat(64_000)}"}\n`;
    const sent = send(`${url}/foreign/sum/slow`, { method: 'POST', headers: LINES });
    sent.write('{"number":1,"restMs":600000}\n');
    const lines = Math.floor(total / line.length);
    let written = 0;
    const writing = (async () => {
      for (; written < lines; written++) {
        if (!sent.write(line)) await new Promise<void>((resolve) => sent.once('drain', resolve));
      }
      sent.end();
    })();
    await until(t, 'the first lines', () => written > 0);
    const atRest = await settled(() => written);
    peer.goOn();
    await writing;
    const response = await head(sent);
    let text = '';
    for await (const chunk of response) text += chunk;
    t.same(JSON.parse(text), { number: String(lines + 1), name: 'slow' });
    t.ok(atRest > 0 && atRest < lines / 2, `${atRest} of ${lines} lines were taken while the service rested`);
  });

  t.test('what no honest service sends is INTERNAL, and is answered', async (t) => {
    for (const name of ['garbage', 'utf8', 'timestamp', 'duration', 'value', 'empty-value']) {
      const unary = await post('Broken', { name }, { 'grpc-timeout': '5S' });
      t.match([unary.status, unary.headers['grpc-status']], [500, '13'], name);
      const stream = await post('BrokenStream', { name, count: 1 }, SSE);
      t.match(sseEvents(stream.text), [
        { data: { text: 'sound' } },
        { event: 'error', data: { error: { status: 'INTERNAL' } } },
      ]);
      const socket = await dial('BrokenStream', `?name=${name}&count=1`);
      socket.socket.send('');
      t.equal((await socket.closed).code, 4013);
    }
    t.same(JSON.parse((await post('Broken', { name: 'enum' })).text), { colour: 99 });
  });
});
