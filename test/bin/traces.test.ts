import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { tracingOf } from '../../bin/run/traces.js';
import { hasRegisteredProvider } from '../../gateway/index.js';
import { http } from '../support/http.js';
import { openOtlpReceiver } from '../support/otlp-receiver.js';
import { sluice } from '../support/process.js';

const SET = { otlpEndpoint: 'http://127.0.0.1:4318', traceRatio: 0.5 };

t.test('the environment says headers and resource, and no error shows their values', async (t) => {
  t.equal(tracingOf({ ...SET, otlpEndpoint: undefined }, {}), undefined);
  t.match(
    tracingOf(SET, {
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc, x-a=1,',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'x-a=2',
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=one,deployment.environment.name=test',
      OTEL_SERVICE_NAME: 'two',
    }),
    {
      endpoint: SET.otlpEndpoint,
      ratio: 0.5,
      headers: { authorization: 'Bearer abc', 'x-a': '2' },
      resource: { 'service.name': 'two', 'deployment.environment.name': 'test' },
    },
  );
  for (const wrong of ['planted', '=planted', 'a=%planted', 'a b=planted', 'a=planted%0a']) {
    try {
      tracingOf(SET, { OTEL_EXPORTER_OTLP_HEADERS: wrong });
      t.fail(wrong);
    } catch (error) {
      t.match((error as Error).message, /^OTEL_EXPORTER_OTLP_HEADERS: /);
      t.notMatch((error as Error).message, 'planted');
    }
  }
});

t.test('--otlp-endpoint sends the calls of a command, and its end sends the rest', async (t) => {
  const receiver = await openOtlpReceiver(t);
  const running = sluice(
    t,
    [
      ...[
        'start',
        '--listen',
        '127.0.0.1:0',
        '--admin-listen',
        '127.0.0.1:0',
        '--core-listen',
        '127.0.0.1:0',
      ],
      ...['--data-dir', t.testdir(), '--otlp-endpoint', receiver.url],
    ],
    { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20planted', OTEL_SERVICE_NAME: 'edge' },
  );
  const { url } = await running.line('gateway listening');
  await http(`${url}/streaming.StreamingService/GetStockQuote?symbol=ACME`);
  running.child.kill('SIGTERM');
  t.equal(await running.exit, 0);
  t.same(receiver.spans.map(({ kind, name }) => [kind, name]).sort(), [
    [2, 'streaming.StreamingService/GetStockQuote'],
    [3, 'streaming.StreamingService/GetStockQuote'],
  ]);
  t.match(receiver.resources, [{ 'service.name': 'edge' }]);
  t.equal(receiver.requests[0]?.headers.authorization, 'Bearer planted');
  t.notMatch([...running.lines, ...running.errors].join(), 'planted');
});

t.test('a provider that was registered before the gateway makes the spans', async (t) => {
  t.notOk(hasRegisteredProvider());
  const folder = t.testdir();
  const file = join(folder, 'telemetry.mjs');
  writeFileSync(
    file,
    `import { trace } from ${JSON.stringify(import.meta.resolve('@opentelemetry/api'))};
    const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
    trace.setGlobalTracerProvider({
      getTracer: (scope) => ({
        startSpan(name, { kind }) {
          console.error('span', scope, kind, name);
          return trace.wrapSpanContext(span);
        },
      }),
    });`,
  );
  const listens = [
    '--listen',
    '127.0.0.1:0',
    '--admin-listen',
    '127.0.0.1:0',
    '--core-listen',
    '127.0.0.1:0',
  ];
  const running = sluice(t, ['start', ...listens, '--data-dir', folder], {
    NODE_OPTIONS: `--import=${pathToFileURL(file).href}`,
  });
  const { url } = await running.line('gateway listening');
  await http(`${url}/streaming.StreamingService/GetStockQuote?symbol=ACME`);
  running.child.kill('SIGTERM');
  await running.exit;
  const [call] = running.lines
    .map((line) => JSON.parse(line))
    .filter(({ msg, surface }) => msg === 'call' && surface === 'json');
  t.equal(call?.traceId, 'a'.repeat(32));
  t.same(
    running.errors.filter((line) => line.startsWith('span ')),
    [
      'span sluice 1 streaming.StreamingService/GetStockQuote',
      'span sluice 2 streaming.StreamingService/GetStockQuote',
    ],
  );
});
