import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect, type OutgoingHttpHeaders } from 'node:http2';
import type { Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { constants, createBrotliDecompress, createGunzip, gunzipSync, gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { createDeferred } from '../../../../gateway/async/index.js';
import { CODINGS } from '../../../../gateway/surfaces/http/index.js';
import { heldByEncoders } from '../../../../gateway/surfaces/http/stream-encoder.js';
import { http, open, settled, sseEvents, until } from '../../../support/http.js';
import { openOwnService } from '../../../support/own-service.js';
import type { Step } from '../../../support/scripted-upstream.js';

const PROTO = `
  message M { string text = 1; int32 number = 2; }
  service S { rpc Many(M) returns (stream M) { option (google.api.http) = { get: "/many" }; } }`;

const FORMS = ['text/event-stream', 'application/x-ndjson', 'application/json', 'application/json-seq'];

function openService(
  t: Test,
  script: (encode: (number: number) => Uint8Array) => readonly Step[],
  options = {},
) {
  return openOwnService(
    t,
    PROTO,
    (encode) => ({ Many: script((number) => encode('M', { number, text: 'some text that comes again' })) }),
    { compress: 'all', ...options },
  );
}

/** One that waits for nothing. Zstandard is there where Node has it; the types of Node 20 do not know it. */
function openDecoder(coding: string | undefined): Transform {
  if (coding === 'gzip') return createGunzip({ flush: constants.Z_SYNC_FLUSH });
  if (coding === 'br') return createBrotliDecompress({ flush: constants.BROTLI_OPERATION_FLUSH });
  return (zlib as unknown as { createZstdDecompress(): Transform }).createZstdDecompress();
}

/** What of a response can be decoded so far, without waiting for what is not here. */
function decoded(response: IncomingMessage): { text: string; whole: boolean; failed: boolean } {
  const seen = { text: '', whole: false, failed: false };
  const decoder = openDecoder(response.headers['content-encoding']);
  decoder.on('data', (bytes: Buffer) => {
    seen.text += bytes;
  });
  decoder.on('end', () => {
    seen.whole = true;
  });
  decoder.on('error', () => {
    seen.failed = true;
  });
  response.on('error', () => {
    seen.failed = true;
  });
  response.pipe(decoder);
  return seen;
}

t.test('every form is the same text as without compression', async (t) => {
  const { url } = await openService(t, (message) => [
    { in: 'end' },
    ...Array.from({ length: 50 }, (_, index) => ({ out: message(index) })),
  ]);
  for (const accept of FORMS) {
    const plain = await http(`${url}/many`, { headers: { accept } });
    t.equal(plain.headers['content-encoding'], undefined);
    t.equal(plain.headers.vary, 'Accept-Encoding');
    for (const coding of CODINGS) {
      const { response } = await open(`${url}/many`, { headers: { accept, 'accept-encoding': coding } });
      t.equal(response.headers['content-encoding'], coding);
      t.equal(response.headers.vary, 'Accept-Encoding');
      const seen = decoded(response);
      await until(t, `${accept} ${coding}`, () => seen.whole);
      t.equal(seen.text, plain.text, `${accept} ${coding}`);
    }
    const head = await http(`${url}/many`, { method: 'HEAD', headers: { accept, 'accept-encoding': 'br' } });
    t.equal(head.headers['content-encoding'], 'br');
  }
  await until(t, 'the encoders are given back', () => heldByEncoders() === 0);
});

t.test('a message is decodable before the next one comes, and so is a heartbeat', async (t) => {
  for (const coding of CODINGS) {
    const { promise, resolve: next } = createDeferred();
    const steps = (message: (number: number) => Uint8Array): Step[] => [
      { in: 'end' },
      { out: message(1) },
      { wait: promise },
      { out: message(2) },
      { wait: new Promise(() => {}) },
    ];
    const { url } = await openService(t, steps, { limits: { heartbeatMs: 50 } });
    const { response } = await open(`${url}/many`, {
      headers: { accept: 'text/event-stream', 'accept-encoding': coding },
    });
    const seen = decoded(response);
    await until(t, 'the first message', () => seen.text.includes('"number":1'));
    t.notOk(seen.text.includes('"number":2'));
    const heartbeats = () => seen.text.split(': heartbeat').length - 1;
    await until(t, 'heartbeats', () => heartbeats() > 1);
    next();
    await until(t, 'the second message', () => seen.text.includes('"number":2'));
    t.same(
      sseEvents(seen.text).map(({ data }) => (data as { number: number }).number),
      [1, 2],
    );
    response.destroy();
    await until(t, 'the encoder is given back', () => heldByEncoders() === 0);
  }
});

t.test('a stream that fails does not look whole', async (t) => {
  const { url } = await openService(t, (message) => [
    { in: 'end' },
    { out: message(1) },
    { pauseMs: 20 },
    { status: 'DATA_LOSS', message: 'gone' },
  ]);
  for (const coding of CODINGS) {
    const { response } = await open(`${url}/many`, {
      headers: { accept: 'application/x-ndjson', 'accept-encoding': coding },
    });
    const seen = decoded(response);
    await until(t, 'it is cut', () => seen.failed && seen.text.includes('DATA_LOSS'));
    t.match(seen.text, /"number":1.*\n.*DATA_LOSS/s, 'what came before is there, and why it ended');
    t.equal(seen.whole, false);
  }
  await until(t, 'the encoders are given back', () => heldByEncoders() === 0);
});

t.test('a client that does not read stops the service, and gets all of it when it reads', async (t) => {
  const noise = () => randomBytes(24_000).toString('base64');
  const count = 1_000;
  for (const coding of CODINGS) {
    const own = await openOwnService(
      t,
      PROTO,
      (encode) => ({
        Many: [
          { in: 'end' },
          ...Array.from({ length: 20 }, () => encode('M', { text: noise() })).flatMap((out) => [
            { out, times: count / 20 },
          ]),
        ],
      }),
      { compress: 'all' },
    );
    const { response } = await open(`${own.url}/many`, {
      headers: { accept: 'application/x-ndjson', 'accept-encoding': coding },
    });
    response.pause();
    const call = await own.upstream.call('/t.S/Many');
    const accepted = await settled(() => call.accepted);
    t.ok(accepted < count, `${coding}: the service could write ${accepted} of ${count}`);
    const seen = decoded(response);
    await until(t, 'all of it', () => seen.whole);
    t.equal(seen.text.split('\n').length - 1, count);
    t.equal(call.accepted, count);
  }
  await until(t, 'the encoders are given back', () => heldByEncoders() === 0);
});

t.test('clients that leave at any time leave nothing', async (t) => {
  const { url, upstream } = await openService(t, (message) => [
    { in: 'end' },
    { out: message(1), times: 100_000 },
  ]);
  for (let round = 0; round < 20; round += 1) {
    const { response } = await open(`${url}/many`, {
      headers: { accept: FORMS[round % 4] ?? '', 'accept-encoding': CODINGS[round % CODINGS.length] ?? '' },
    });
    if (round % 3 > 0) await once(response, 'data');
    response.destroy();
  }
  await until(t, 'the encoders are given back', () => heldByEncoders() === 0);
  await until(t, 'the calls end', () => upstream.calls('/t.S/Many').every(({ isOver }) => isOver));
  t.equal(heldByEncoders(), 0);
});

t.test(
  'with encoders for none a stream is sent as it is; without the switch none is compressed',
  async (t) => {
    const script = (message: (number: number) => Uint8Array): Step[] => [
      { in: 'end' },
      { out: message(1) },
      { wait: new Promise(() => {}) },
    ];
    const { url } = await openService(t, script, {
      limits: { exchangesPerAddress: 0, connectionsPerAddress: 0, exchanges: 0 },
    });
    const headers = { accept: 'text/event-stream', 'accept-encoding': 'br' };
    const responses: IncomingMessage[] = [];
    t.teardown(() => {
      for (const response of responses) response.destroy();
    });
    for (let index = 0; index < 400; index += 1) {
      const { response } = await open(`${url}/many`, { headers });
      responses.push(response);
      if (response.headers['content-encoding'] === undefined) break;
    }
    const last = responses.at(-1);
    t.equal(last?.headers['content-encoding'], undefined);
    t.ok(heldByEncoders() <= 128 * 1024 * 1024 && heldByEncoders() > 100 * 1024 * 1024);
    for (const response of responses) response.destroy();
    await until(t, 'the encoders are given back', () => heldByEncoders() === 0);
    const other = await openService(t, script, { compress: 'whole' });
    const { response: plain } = await open(`${other.url}/many`, { headers });
    t.equal(plain.headers['content-encoding'], undefined);
    t.equal(plain.headers.vary, undefined);
    plain.destroy();
  },
);

t.test('over HTTP/2 it is the same, also for a request body', async (t) => {
  const { url, upstream } = await openOwnService(
    t,
    `${PROTO.replace('rpc Many', 'rpc Up(stream M) returns (stream M) { option (google.api.http) = { post: "/up" body: "*" }; } rpc Many')}`,
    (encode) => {
      const out = encode('M', { text: 'some text' });
      return {
        Many: [{ in: 'end' }, { out, times: 3 }],
        Up: [{ in: 'end' }, { out }, { status: 'DATA_LOSS' }],
      };
    },
    { compress: 'all' },
  );
  const session = connect(url);
  t.teardown(() => session.destroy());
  const ask = async (headers: OutgoingHttpHeaders, body?: Buffer) => {
    const stream = session.request({ accept: 'application/x-ndjson', 'accept-encoding': 'gzip', ...headers });
    let isReset = false;
    const pieces: Buffer[] = [];
    stream.on('data', (piece: Buffer) => pieces.push(piece));
    stream.on('error', () => {
      isReset = true;
    });
    const head = once(stream, 'response') as Promise<[Record<string, string>]>;
    stream.end(body);
    const [response] = await head;
    if (!stream.closed) await new Promise((resolve) => stream.once('close', resolve));
    return { response, isReset, bytes: Buffer.concat(pieces) };
  };
  const whole = await ask({ ':path': '/many' });
  t.equal(whole.response['content-encoding'], 'gzip');
  t.equal(String(gunzipSync(whole.bytes)), '{"text":"some text"}\n'.repeat(3));
  const lines = gzipSync('{"number":1}\n{"number":2}\n');
  const failed = await ask(
    { ':path': '/up', ':method': 'POST', 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' },
    lines,
  );
  t.equal((await upstream.call('/t.S/Up')).received.length, 2);
  t.ok(failed.isReset, 'what fails is reset');
  t.throws(() => gunzipSync(failed.bytes), 'and has no end');
  const decodable = gunzipSync(failed.bytes, { finishFlush: constants.Z_SYNC_FLUSH });
  t.match(String(decodable), /some text.*\n.*DATA_LOSS/s);
  await until(t, 'the encoders are given back', () => heldByEncoders() === 0);
});
