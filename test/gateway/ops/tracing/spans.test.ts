import { setTimeout as delay } from 'node:timers/promises';
import { type SpanContext, SpanKind, type SpanOptions, type TracerProvider, trace } from '@opentelemetry/api';
import t from 'tap';
import { bytes, method, openForeign } from '../../../support/foreign.js';
import { http, open, until } from '../../../support/http.js';
import { ask, connectHttp2 } from '../../../support/http2-client.js';
import { openOtlpReceiver, type ReceivedSpan } from '../../../support/otlp-receiver.js';
import { openOf, openSession } from '../../../support/session.js';
import { toldOf } from '../../../support/trace-ways.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const isServer = ({ kind }: ReceivedSpan) => kind === 2;
const isClient = ({ kind }: ReceivedSpan) => kind === 3;

t.test('a span says how its exchange or its call has ended', async (t) => {
  const receiver = await openOtlpReceiver(t);
  const foreign = await openForeign(
    t,
    {
      Ask: [{ in: 'end' }, { status: 'NOT_FOUND' }],
      Down: [{ in: 'end' }, { out: await bytes({}), times: 3 }, { status: 'UNAVAILABLE' }],
      Up: [{ in: 'end' }],
    },
    { tracing: { endpoint: receiver.url }, limits: { maxMessageBytes: 1_024 } },
  );
  const json = { 'content-type': 'application/json' };
  await http(foreign.url + method('Ask'), { method: 'POST', body: '{}', headers: json });
  await http(foreign.url + method('Down'), { method: 'POST', body: '{}', headers: json });
  // Bad input in the middle: the gateway ends the call.
  const ndjson = { 'content-type': 'application/x-ndjson' };
  await http(foreign.url + method('Up'), { method: 'POST', body: '{}\n{bad}\n', headers: ndjson });
  // No call is opened for what is no message.
  await http(foreign.url + method('Ask'), {
    method: 'POST',
    body: `{"text":"${'x'.repeat(2_000)}"}`,
    headers: json,
  });
  // What never becomes an exchange has no span.
  await http(`${foreign.url}/no/path`);
  await until(t, 'no exchange to be open', () => foreign.gateway.openExchanges === 0);
  const spans = await receiver.take(t, 7);
  const ends = (fits: (span: ReceivedSpan) => boolean) =>
    spans
      .filter(fits)
      .map(({ name, attributes, status }) => [
        name.split('/')[1],
        attributes['rpc.response.status_code'],
        attributes['error.type'],
        status.code,
      ]);
  t.same(
    ends(isServer),
    [
      ['Ask', 'NOT_FOUND', undefined, undefined],
      ['Down', 'UNAVAILABLE', 'UNAVAILABLE', 2],
      ['Up', 'INVALID_ARGUMENT', undefined, undefined],
      ['Ask', 'RESOURCE_EXHAUSTED', undefined, undefined],
    ],
    "of the errors of an exchange those that are ours or the service's are faults",
  );
  t.same(
    ends(isClient),
    [
      ['Ask', 'NOT_FOUND', 'NOT_FOUND', 2],
      ['Down', 'UNAVAILABLE', 'UNAVAILABLE', 2],
      ['Up', 'CANCELLED', 'CANCELLED', 2],
    ],
    'of a call every code but OK is one',
  );
  const [, down, up] = spans.filter(isServer);
  t.match(down?.attributes, { 'sluice.received': 1, 'sluice.sent': 3 });
  t.match(up?.attributes, { 'sluice.reason': 'INVALID_MESSAGE' });
  t.match(
    foreign.lines.filter(({ msg }) => msg === 'call').map(({ traceId }) => traceId),
    spans.filter(isClient).map(({ traceId }) => traceId),
  );
});

t.test('a trace is recorded where its client says so; of those that begin here the ratio is', async (t) => {
  const receiver = await openOtlpReceiver(t);
  const scripts = { Ask: [{ in: 'end' as const }, { out: await bytes({}) }] };
  const none = await openForeign(t, scripts, { tracing: { endpoint: receiver.url, ratio: 0 } });
  const all = await openForeign(t, scripts, { tracing: { endpoint: receiver.url } });
  const call = async (foreign: typeof none, flags?: string) => {
    const headers: Record<string, string> =
      flags === undefined ? {} : { traceparent: `00-${TRACE}-b7ad6b7169203331-${flags}` };
    await http(`${foreign.url}/foreign/items/1`, { headers });
    return toldOf(foreign, 'Ask', 'traceparent').join();
  };
  t.match(
    await call(none),
    /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/,
    'the service is told that it is not recorded',
  );
  t.match(await call(none, '00'), new RegExp(`^00-${TRACE}-(?!b7ad6b7169203331)[0-9a-f]{16}-00$`));
  t.match(await call(none, '01'), new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
  t.match(
    await call(none, '03'),
    new RegExp(`^00-${TRACE}-[0-9a-f]{16}-03$`),
    'that the id is random goes on',
  );
  t.match(await call(all, '00'), new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
  t.match(await call(all), /-01$/);
  t.match(
    await call(all, 'malformed'),
    /^00-(?!0af7)[0-9a-f]{32}-[0-9a-f]{16}-01$/,
    'a malformed one begins a new trace',
  );
  await Promise.all([none.gateway.close(), all.gateway.close()]);
  t.equal(receiver.spans.length, 8, 'the end of a gateway sends what is left');
});

t.test('stalls, resumptions and dropped messages are events of the exchange', async (t) => {
  const receiver = await openOtlpReceiver(t);
  const large = await bytes({ text: 'x'.repeat(1_000) });
  const foreign = await openForeign(
    t,
    {
      Numbered: [{ in: 'end' }, { out: await bytes({ text: '2' }) }],
      Down: [{ in: 'end' }, { out: large, times: 2_000 }],
    },
    {
      tracing: { endpoint: receiver.url },
      config: {
        methods: { 'foreign.v1.Foreign/Down': { slowReader: { policy: 'drop-oldest', maxMessages: 10 } } },
      },
    },
  );
  await http(`${foreign.url + method('Numbered')}?lastEventId=1`, {
    headers: { accept: 'text/event-stream' },
  });
  await http(foreign.url + method('Numbered'));
  const session = await openSession(foreign.wsUrl);
  await session.send(openOf(1, 'Numbered', { cursor: '1' }), { halfClose: { id: 1 } });
  await session.all(1);
  // A session without credit: everything but the newest ten is dropped.
  await session.send(openOf(2, 'Down', { credit: 0 }), { halfClose: { id: 2 } });
  await (await foreign.upstream.call(method('Down'))).over;
  await delay(50);
  await session.send({ credit: { id: 2, messages: 100 } });
  await session.all(2);
  session.test.socket.close();
  const spans = await receiver.take(t, 4, isServer);
  const eventsOf = (name: string) =>
    spans.filter((span) => span.name.endsWith(name)).map(({ events }) => events.map((event) => event.name));
  t.same(eventsOf('/Numbered'), [['sluice.resume'], [], ['sluice.resume']]);
  const down = spans.find((span) => span.name.endsWith('/Down'));
  const drops = down?.events.filter(({ name }) => name === 'sluice.drop') ?? [];
  t.ok(drops.length >= 1 && drops.length <= 5, 'drops are told together');
  const told = drops.reduce((sum, { attributes }) => sum + Number(attributes['sluice.messages']), 0);
  t.equal(told, down?.attributes['sluice.dropped'], 'all of them');
  t.ok(told > 1_000);
});

t.test('a side that does not move for a while is an event, and so is one that is given up', async (t) => {
  const receiver = await openOtlpReceiver(t);
  const foreign = await openForeign(
    t,
    { Down: [{ in: 'end' }, { out: await bytes({ text: 'x'.repeat(100_000) }), times: 200 }] },
    { tracing: { endpoint: receiver.url }, limits: { maxPauseMs: 300 } },
  );
  const { response } = await open(foreign.url + method('Down'), {
    method: 'POST',
    body: '{}',
    headers: { 'content-type': 'application/json' },
  });
  response.on('error', () => {});
  const [span] = await receiver.take(t, 1, isServer);
  t.match(span, { attributes: { 'sluice.reason': 'CLIENT_STALLED' } });
  const stall = span?.events.find(({ name }) => name === 'sluice.stall');
  t.match(stall?.attributes, { 'sluice.stalled': 'client' });
  t.ok(Number(stall?.attributes['sluice.stall_ms']) >= 299);
  response.destroy();
});

t.test('the health and the reflection of the gateway itself are in no trace', async (t) => {
  const receiver = await openOtlpReceiver(t);
  const { url, gateway } = await openForeign(t, {}, { tracing: { endpoint: receiver.url } });
  const session = connectHttp2(t, url);
  const headers = { 'content-type': 'application/grpc', te: 'trailers' };
  const answer = await ask(session, '/grpc.health.v1.Health/Check', headers, Buffer.alloc(5));
  t.equal(answer.status, 200);
  session.close();
  await gateway.close();
  t.same(receiver.spans, []);
});

t.test('a provider of the operator makes the spans', async (t) => {
  const started: {
    name: string;
    options: SpanOptions | undefined;
    parent: SpanContext | undefined;
    span: SpanContext;
  }[] = [];
  let ended = 0;
  const provider: TracerProvider = {
    getTracer: (scope, version) => {
      t.same([scope, version], ['sluice', '9']);
      return {
        startSpan(name, options, context) {
          const parent = context && trace.getSpanContext(context);
          const span = {
            traceId: parent?.traceId ?? 'c'.repeat(32),
            spanId: String(started.length + 1).padStart(16, 'd'),
            traceFlags: 1,
          };
          started.push({ name, options, parent, span });
          const wrapped = trace.wrapSpanContext(span);
          wrapped.end = () => {
            ended += 1;
          };
          return wrapped;
        },
        startActiveSpan: () => t.fail('the gateway makes none active') as never,
      };
    },
  };
  const foreign = await openForeign(
    t,
    { Ask: [{ in: 'end' }, { out: await bytes({}) }] },
    { tracing: { provider, version: '9' } },
  );
  await http(`${foreign.url}/foreign/items/1`, {
    headers: { traceparent: `00-${TRACE}-b7ad6b7169203331-01` },
  });
  await until(t, 'both spans to end', () => ended === 2);
  t.same(
    started.map(({ name, options, parent }) => [name, options?.kind, parent?.spanId]),
    [
      ['foreign.v1.Foreign/Ask', SpanKind.SERVER, 'b7ad6b7169203331'],
      ['foreign.v1.Foreign/Ask', SpanKind.CLIENT, started[0]?.span.spanId],
    ],
  );
  t.same(toldOf(foreign, 'Ask', 'traceparent'), [`00-${TRACE}-${started[1]?.span.spanId}-01`]);
});
