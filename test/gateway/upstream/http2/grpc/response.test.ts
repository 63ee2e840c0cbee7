import { constants, type ServerHttp2Stream } from 'node:http2';
import { deflateSync, gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { Code, type Status } from '../../../../../gateway/status/index.js';
import { openHttp2Transport } from '../../../../../gateway/upstream/index.js';
import { neverAborted, readToEnd, texts } from '../../contract/subject.js';
import { answerWith, frame, grpcHeaders, openPeer } from '../peer.js';

/** What a call makes of an answer. */
async function receive(t: Test, answer: (stream: ServerHttp2Stream) => void, readDelayMs = 0) {
  const peer = await openPeer(answer);
  const transport = openHttp2Transport({
    target: peer.target,
    maxMessageBytes: 100_000,
    readAheadBytes: 4096,
  });
  t.teardown(async () => {
    await transport.close();
    peer.close();
  });
  const call = transport.open('/test.Odd/Call', { metadata: [], signal: neverAborted() });
  call.halfClose();
  const headers = await call.headers;
  if (readDelayMs > 0) await new Promise((resolve) => setTimeout(resolve, readDelayMs));
  const { messages } = await readToEnd(call);
  return { headers, messages, status: await call.status };
}

const ok = { 'grpc-status': '0' };
const gzip = { ...grpcHeaders, 'grpc-encoding': 'gzip' };

t.test('HTTP answers that are not gRPC become the code of their status', async (t) => {
  for (const [status, code] of [
    [400, Code.INTERNAL],
    [401, Code.UNAUTHENTICATED],
    [403, Code.PERMISSION_DENIED],
    [404, Code.UNIMPLEMENTED],
    [429, Code.UNAVAILABLE],
    [502, Code.UNAVAILABLE],
    [503, Code.UNAVAILABLE],
    [504, Code.UNAVAILABLE],
    [418, Code.UNKNOWN],
    [200, Code.UNKNOWN],
  ] as const) {
    const text = await receive(t, (stream) => {
      stream.respond({ ':status': status, 'content-type': 'text/html' });
      stream.end('<h1>no</h1>'.repeat(1000));
    });
    t.match(text.status, { code, message: new RegExp(`HTTP status ${status} `) }, `${status} with a body`);
    t.same(text.messages, []);
    t.equal(text.headers, undefined);
    const empty = await receive(t, (stream) => stream.respond({ ':status': status }, { endStream: true }));
    t.match(empty.status, { code }, `${status} without one`);
    const untyped = await receive(t, (stream) => {
      stream.respond({ ':status': status });
      stream.end(frame('x'));
    });
    t.match(untyped.status, { code }, `${status} without a content type`);
  }
});

t.test('a gRPC answer with an HTTP error keeps its grpc-status', async (t) => {
  const { status } = await receive(t, (stream) =>
    answerWith(stream, [], { 'grpc-status': '7' }, { ...grpcHeaders, ':status': 503 }),
  );
  t.match(status, { code: 7 });
});

t.test('the content type may carry a codec or parameters', async (t) => {
  for (const type of ['application/grpc+proto', 'application/grpc;charset=x', 'Application/GRPC']) {
    const { status } = await receive(t, (stream) =>
      answerWith(stream, [], ok, { ':status': 200, 'content-type': type }),
    );
    t.match(status, { code: 0 }, type);
  }
  const web = await receive(t, (stream) =>
    answerWith(stream, [], ok, { ':status': 200, 'content-type': 'application/grpc-web' }),
  );
  t.match(web.status, { code: 2 });
});

t.test('a missing or broken grpc-status is not OK', async (t) => {
  const cases: [string, (stream: ServerHttp2Stream) => void, number][] = [
    ['trailers without it', (stream) => answerWith(stream, [frame('m')], { 'x-a': '1' }), Code.UNKNOWN],
    [
      'no trailers',
      (stream) => {
        stream.respond(grpcHeaders);
        stream.end(frame('m'));
      },
      Code.INTERNAL,
    ],
    ['not a number', (stream) => answerWith(stream, [frame('m')], { 'grpc-status': 'OK' }), Code.UNKNOWN],
    ['empty', (stream) => answerWith(stream, [frame('m')], { 'grpc-status': '' }), Code.UNKNOWN],
    [
      'a number that gRPC has not',
      (stream) => answerWith(stream, [frame('m')], { 'grpc-status': '17' }),
      Code.UNKNOWN,
    ],
    ['negative', (stream) => answerWith(stream, [frame('m')], { 'grpc-status': '-1' }), Code.UNKNOWN],
  ];
  for (const [name, answer, code] of cases) {
    const { status, messages } = await receive(t, answer);
    t.match(status, { code }, name);
    t.same(texts(messages), ['m'], 'the message came before it');
  }
});

t.test('a status that comes alone has no headers', async (t) => {
  const { headers, status } = await receive(t, (stream) =>
    stream.respond(
      { ...grpcHeaders, 'grpc-status': '5', 'grpc-message': 'n%C3%A4h %25 %zz %', 'x-why': 'y' },
      { endStream: true },
    ),
  );
  t.equal(headers, undefined);
  t.match(status, { code: 5, message: 'näh % %zz %', trailers: [['x-why', 'y']] });
});

t.test('repeated and binary trailers are pairs; a broken header of gRPC is only lost itself', async (t) => {
  const { status } = await receive(t, (stream) =>
    answerWith(stream, [], {
      'grpc-status': '9',
      'grpc-message': '%ff',
      'grpc-status-details-bin': '////',
      'x-two': ['1', '2'],
      'x-bin': 'AQ,Ag==, Aw',
      'grpc-server-stats-bin': 'AA',
    }),
  );
  t.strictSame(status, {
    code: 9,
    message: '\ufffd',
    details: [],
    trailers: [
      ['x-two', '1'],
      ['x-two', '2'],
      ['x-bin', 'AQ=='],
      ['x-bin', 'Ag=='],
      ['x-bin', 'Aw=='],
    ],
    truncated: false,
  } satisfies Status);
});

t.test('gzip and deflate messages are inflated, plain ones among them left alone', async (t) => {
  for (const [encoding, compress] of [
    ['gzip', gzipSync],
    ['deflate', deflateSync],
  ] as const) {
    const { messages, status } = await receive(t, (stream) =>
      answerWith(
        stream,
        [
          frame(compress('one'), 1),
          frame('two'),
          frame(compress(''), 1),
          frame(compress('x'.repeat(100_000)), 1),
        ],
        ok,
        { ...grpcHeaders, 'grpc-encoding': encoding },
      ),
    );
    t.same(texts(messages), ['one', 'two', '', 'x'.repeat(100_000)], encoding);
    t.match(status, { code: 0 });
  }
});

t.test('what cannot or must not be inflated ends the call, after what was good', async (t) => {
  const bomb = gzipSync(Buffer.alloc(100_001));
  const cases: [string, Buffer, Record<string, string | number>, number][] = [
    ['more than the limit', frame(bomb, 1), gzip, Code.RESOURCE_EXHAUSTED],
    ['a bomb', frame(gzipSync(Buffer.alloc(50_000_000)), 1), gzip, Code.RESOURCE_EXHAUSTED],
    ['not gzip', frame('nonsense', 1), gzip, Code.INTERNAL],
    ['half of it', frame(bomb.subarray(0, 20), 1), gzip, Code.INTERNAL],
    ['no encoding named', frame(bomb, 1), grpcHeaders, Code.INTERNAL],
    [
      'one that was not offered',
      frame(bomb, 1),
      { ...grpcHeaders, 'grpc-encoding': 'snappy' },
      Code.INTERNAL,
    ],
  ];
  for (const [name, bytes, headers, code] of cases) {
    const { messages, status } = await receive(t, (stream) => {
      stream.respond(headers);
      stream.write(Buffer.concat([frame('good'), bytes]));
    });
    t.match(status, { code }, name);
    t.same(texts(messages), ['good']);
  }
});

t.test('many small bombs are inflated one by one, as they are read', async (t) => {
  const one = frame(gzipSync(Buffer.alloc(100_000)), 1);
  const peer = await openPeer((stream) =>
    answerWith(stream, [Buffer.concat(Array.from({ length: 500 }, () => one))], ok, gzip),
  );
  const transport = openHttp2Transport({
    target: peer.target,
    maxMessageBytes: 100_000,
    readAheadBytes: 4096,
  });
  t.teardown(async () => {
    await transport.close();
    peer.close();
  });
  const call = transport.open('/test.Odd/Call', { metadata: [], signal: neverAborted() });
  call.halfClose();
  let count = 0;
  let largest = 0;
  for (let batch = await call.read(); batch; batch = await call.read()) {
    count += batch.count;
    largest = Math.max(largest, batch.count);
  }
  t.equal(count, 500);
  t.equal(largest, 1, 'one is already more than may be held');
});

t.test('bytes that are no frame end the call, after what was good', async (t) => {
  const cases: [string, Buffer, number][] = [
    ['a length of 4 GiB', frame('', 0, 0xffffffff), Code.RESOURCE_EXHAUSTED],
    ['one byte above the limit', frame('', 0, 100_001), Code.RESOURCE_EXHAUSTED],
    ['an unknown flag', frame('x', 2), Code.INTERNAL],
    ['text', Buffer.from('HTTP/1.1 200 OK'), Code.INTERNAL],
  ];
  for (const [name, bytes, code] of cases) {
    const { messages, status } = await receive(t, (stream) => {
      stream.respond(grpcHeaders);
      stream.write(Buffer.concat([frame('good'), bytes]));
    });
    t.match(status, { code }, name);
    t.same(texts(messages), ['good']);
  }
});

t.test('an OK after half a message is not OK, a failure stays the failure', async (t) => {
  for (const [status, code] of [
    ['0', Code.INTERNAL],
    ['10', Code.ABORTED],
  ] as const) {
    const answer = (stream: ServerHttp2Stream) =>
      answerWith(stream, [frame('good'), frame('half', 0, 10)], { 'grpc-status': status });
    const received = await receive(t, answer);
    t.match(received.status, { code });
    t.same(texts(received.messages), ['good']);
  }
});

t.test('a reset is the code that gRPC gives it', async (t) => {
  for (const [rst, code] of [
    [constants.NGHTTP2_NO_ERROR, Code.INTERNAL],
    [constants.NGHTTP2_PROTOCOL_ERROR, Code.INTERNAL],
    [constants.NGHTTP2_INTERNAL_ERROR, Code.INTERNAL],
    [constants.NGHTTP2_FLOW_CONTROL_ERROR, Code.INTERNAL],
    [constants.NGHTTP2_CANCEL, Code.CANCELLED],
    [constants.NGHTTP2_ENHANCE_YOUR_CALM, Code.RESOURCE_EXHAUSTED],
    [constants.NGHTTP2_INADEQUATE_SECURITY, Code.PERMISSION_DENIED],
  ] as const) {
    const { status, messages } = await receive(t, (stream) => {
      // With trailers to come, Node's own close does not send END_STREAM before the reset.
      stream.respond(grpcHeaders, { waitForTrailers: true });
      stream.write(frame('m'), () => setImmediate(() => stream.close(rst)));
    });
    t.match(status, { code, truncated: false }, `${rst}`);
    t.same(texts(messages), ['m']);
  }
});

t.test('no message is lost to a reset or a lost connection while the reader is away', async (t) => {
  const many = Array.from({ length: 400 }, (_, n) => frame(`${n} ${'x'.repeat(100)}`));
  const endings: [string, (stream: ServerHttp2Stream) => void, number][] = [
    ['reset', (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR), Code.INTERNAL],
    ['lost', (stream) => stream.session?.destroy(), Code.UNAVAILABLE],
    ['sent away', (stream) => stream.session?.goaway(constants.NGHTTP2_INTERNAL_ERROR, 0), Code.UNAVAILABLE],
    [
      'failed and reset',
      (stream) => {
        stream.on('wantTrailers', () => {
          stream.sendTrailers({ 'grpc-status': '10' });
          setImmediate(() => setImmediate(() => stream.close(constants.NGHTTP2_CANCEL)));
        });
        stream.end();
      },
      Code.ABORTED,
    ],
  ];
  for (const [name, end, code] of endings) {
    const { messages, status } = await receive(
      t,
      (stream) => {
        stream.respond(grpcHeaders, { waitForTrailers: true });
        stream.write(Buffer.concat(many), () => setTimeout(() => end(stream), 50));
      },
      200,
    );
    t.equal(messages.length, many.length, name);
    t.match(status, { code, truncated: false });
  }
});

t.test('trailers followed by a reset are the status', async (t) => {
  for (const rst of [constants.NGHTTP2_NO_ERROR, constants.NGHTTP2_CANCEL]) {
    const peer = await openPeer((stream) => {
      answerWith(stream, [frame('m')], { 'grpc-status': '6' });
      stream.on('wantTrailers', () => setImmediate(() => setImmediate(() => stream.close(rst))));
    });
    const transport = openHttp2Transport({ target: peer.target });
    t.teardown(async () => {
      await transport.close();
      peer.close();
    });
    const call = transport.open('/test.Odd/Call', { metadata: [], signal: neverAborted() });
    t.equal((await readToEnd(call)).messages.length, 1, 'although the requests have not ended');
    t.match(await call.status, { code: 6 });
  }
});

t.test('trailers of 100 KB arrive, three hundred of them are refused, neither hangs', async (t) => {
  const large = await receive(t, (stream) =>
    answerWith(stream, [], { ...ok, 'x-large': 'x'.repeat(50_000) }),
  );
  t.match(large.status, { code: 0 });
  const many = Object.fromEntries(Array.from({ length: 300 }, (_, n) => [`x-${n}`, 'v']));
  const { status } = await receive(t, (stream) => answerWith(stream, [], { ...ok, ...many }));
  t.equal(status.code, Code.RESOURCE_EXHAUSTED);
});

t.test('the deadline travels as grpc-timeout, a far one is kept to ourselves', async (t) => {
  const peer = await openPeer((stream) => answerWith(stream, [], ok));
  const transport = openHttp2Transport({ target: peer.target });
  t.teardown(async () => {
    await transport.close();
    peer.close();
  });
  const days = 86_400_000;
  for (const [inMs, pattern] of [
    [60_000, /^60000m$|^[3-5][0-9]{4}m$/],
    [3 * days, /^2591[0-9]{2}S$|^259200S$/],
    [40 * days, undefined],
  ] as const) {
    const call = transport.open('/test.Odd/Call', {
      metadata: [],
      signal: neverAborted(),
      deadline: Date.now() + inMs,
    });
    call.halfClose();
    await readToEnd(call);
    t.match(await call.status, { code: 0 });
    const sent = peer.requests.at(-1)?.['grpc-timeout'];
    if (pattern) t.match(sent, pattern);
    else t.equal(sent, undefined);
  }
  t.match(peer.requests[0], {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': '/test.Odd/Call',
    ':authority': peer.target,
    te: 'trailers',
    'content-type': 'application/grpc',
    'grpc-accept-encoding': 'identity,gzip,deflate',
  });
});
