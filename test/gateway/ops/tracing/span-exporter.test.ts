import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { pino } from 'pino';
import t, { type Test } from 'tap';
import {
  FLUSH_MS,
  MAX_QUEUED_CHARACTERS,
  SpanExporter,
} from '../../../../gateway/ops/tracing/span-exporter.js';
import { bytes, openForeign } from '../../../support/foreign.js';
import { http, until } from '../../../support/http.js';
import { openOtlpReceiver } from '../../../support/otlp-receiver.js';

const SECRET = 'planted-secret-of-the-collector';

function open(t: Test, url: string) {
  const counts = { sent: 0, dropped: 0 };
  const lines: string[] = [];
  const exporter = new SpanExporter({
    url: new URL(url),
    headers: { authorization: `Bearer ${SECRET}` },
    envelope: {
      before: '{"resourceSpans":[{"resource":{"attributes":[]},"scopeSpans":[{"spans":[',
      after: ']}]}]}',
    },
    counts,
    log: pino({}, { write: (line: string) => void lines.push(line) }),
  });
  t.teardown(() => exporter.close());
  const add = (count: number, size = 0) => {
    const pad = 'x'.repeat(size);
    for (let index = 0; index < count; index += 1) {
      exporter.add(JSON.stringify({ spanId: String(index), attributes: [], events: [], pad }));
    }
  };
  return { exporter, counts, lines, add };
}

t.test('spans leave together, a full batch at once, and the end sends the rest', async (t) => {
  const receiver = await openOtlpReceiver(t);
  const { exporter, counts, add } = open(t, receiver.url);
  add(1);
  add(99);
  await receiver.take(t, 100);
  t.equal(receiver.requests.length, 1);
  const begun = performance.now();
  add(6, 200_000);
  await receiver.take(t, 104);
  t.ok(performance.now() - begun < 900, 'a full batch does not wait');
  add(5);
  await exporter.close();
  t.same(counts, { sent: 111, dropped: 0 });
  t.equal(new Set(receiver.spans.map(({ spanId }) => spanId)).size, 99);
  add(1);
  t.equal(counts.dropped, 1, 'nothing is taken after the end');
});

t.test(
  'what an endpoint refuses is dropped and counted; what it cannot take now is sent again',
  async (t) => {
    const receiver = await openOtlpReceiver(t, (response, attempt) => {
      if (attempt === 1) response.writeHead(503, { 'retry-after': '0' }).end();
      else if (attempt === 2) response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
      else if (attempt === 3) response.end('{"partialSuccess":{"rejectedSpans":"2","errorMessage":"no"}}');
      else response.end('not JSON');
    });
    const { exporter, counts, lines, add } = open(t, receiver.url);
    add(10);
    await until(t, 'the second attempt', () => counts.dropped === 10);
    add(5);
    await until(t, 'the third request', () => counts.sent === 3);
    t.equal(counts.dropped, 12);
    add(1);
    await exporter.close();
    t.same(counts, { sent: 4, dropped: 12 });
    t.equal(lines.length, 1, 'one line a minute');
    t.match(JSON.parse(lines[0] ?? '{}'), {
      msg: 'traces not delivered',
      endpoint: receiver.url,
      problem: 'HTTP 503',
    });
    t.notMatch(lines.join(), SECRET);
    t.equal(receiver.requests[0]?.headers.authorization, `Bearer ${SECRET}`);
  },
);

t.test('an endpoint that is away costs a bounded queue, and ends nothing and nobody', async (t) => {
  const { exporter, counts, lines, add } = open(t, 'http://127.0.0.1:1/v1/traces');
  add(50, 100_000);
  await until(t, 'the line', () => lines.length > 0);
  t.equal(counts.dropped, 50 - Math.floor(MAX_QUEUED_CHARACTERS / 100_100), 'the newest were dropped');
  const begun = performance.now();
  await exporter.close();
  t.ok(performance.now() - begun < 1_000);
  t.same(counts, { sent: 0, dropped: 50 });
});

t.test(
  'calls do not notice an endpoint that takes the request and never answers, and the end waits a named time',
  async (t) => {
    let connections = 0;
    const silent = createServer((socket) => {
      connections += 1;
      socket.on('error', () => {});
      socket.resume();
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    t.teardown(() => silent.close());
    const endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const foreign = await openForeign(
      t,
      { Ask: [{ in: 'end' }, { out: await bytes({}) }] },
      { tracing: { endpoint } },
    );
    for (let index = 0; index < 20; index += 1)
      t.equal((await http(`${foreign.url}/foreign/items/1`)).status, 200);
    await until(t, 'a request for the spans', () => connections === 1);
    for (let index = 0; index < 20; index += 1)
      t.equal((await http(`${foreign.url}/foreign/items/1`)).status, 200);
    const { text } = await http(`${foreign.gateway.adminUrl}/metrics`);
    t.match(text, 'sluice_trace_spans_total{result="sent"} 0');
    t.match(
      text,
      /rpc_server_call_duration_seconds_bucket\{le="10",rpc_system_name="grpc",rpc_method="foreign.v1.Foreign\/Ask",rpc_response_status_code="OK"\} 40/,
    );
    t.match(
      text,
      /rpc_client_call_duration_seconds_count\{rpc_system_name="grpc",rpc_method="foreign.v1.Foreign\/Ask",rpc_response_status_code="OK"\} 40/,
    );
    const begun = performance.now();
    await foreign.gateway.close();
    const took = performance.now() - begun;
    t.ok(took < FLUSH_MS + 1_500, `${took} ms`);
    t.equal(connections, 1);
  },
);

t.test('an endpoint is a plain address without credentials', async (t) => {
  const { tracesUrl } = await import('../../../../gateway/ops/otlp-endpoint.js');
  for (const [endpoint, url] of [
    ['http://127.0.0.1:4318', 'http://127.0.0.1:4318/v1/traces'],
    ['https://otel.example.com/', 'https://otel.example.com/v1/traces'],
    ['http://a/otlp', 'http://a/otlp/v1/traces'],
    ['http://a/otlp/v1/traces', 'http://a/otlp/v1/traces'],
    ['http://a/v1/traces/', 'http://a/v1/traces'],
  ] as const)
    t.equal(tracesUrl(endpoint).href, url);
  for (const endpoint of [
    '',
    '4318',
    '127.0.0.1:4318',
    'grpc://a',
    'http://',
    'http://u:p@a',
    'http://u@a',
    'http://a?key=1',
    'http://a#b',
  ])
    t.throws(() => tracesUrl(endpoint), TypeError, endpoint);
});
