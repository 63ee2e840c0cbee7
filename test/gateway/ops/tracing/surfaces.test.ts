import t from 'tap';
import { bytes, method, openForeign } from '../../../support/foreign.js';
import { http, until } from '../../../support/http.js';
import { openOtlpReceiver } from '../../../support/otlp-receiver.js';
import { TRACE_WAYS, toldOf } from '../../../support/trace-ways.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT_SPAN = 'b7ad6b7169203331';
const STATE = 'rojo=1,congo=2';

t.test(
  'each exchange is a span below that of its client, and its call one below it, on every surface',
  async (t) => {
    const receiver = await openOtlpReceiver(t);
    const answer = [{ in: 'end' as const }, { out: await bytes({}) }];
    const foreign = await openForeign(
      t,
      { Ask: answer, Down: answer, Up: answer, Both: answer, Fetch: [{ in: 'end' }], Store: answer },
      { tracing: { endpoint: receiver.url, version: '1.2.3', resource: { 'service.name': 'edge' } } },
    );
    const expected: { label: string; surface: string; name: string; told: string; traceId: string }[] = [];
    let number = 0;
    for (const [label, way] of Object.entries(TRACE_WAYS)) {
      number += 1;
      const traceId = TRACE.slice(0, -2) + number.toString(16).padStart(2, '0');
      for (const headers of [
        { traceparent: `00-${traceId}-${PARENT_SPAN}-01`, tracestate: STATE },
        {},
      ] as Record<string, string>[]) {
        foreign.lines.length = 0;
        await way.run(t, foreign, headers);
        await until(t, 'the line of the call', () => foreign.lines.some(({ msg }) => msg === 'call'));
        const [told = ''] = toldOf(foreign, way.method, 'traceparent');
        t.match(told, /^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/, label);
        t.same(
          toldOf(foreign, way.method, 'tracestate'),
          headers.tracestate === undefined ? [] : [STATE],
          label,
        );
        const traceIdInLog = foreign.lines.find(({ msg }) => msg === 'call')?.traceId;
        t.equal(traceIdInLog, told.slice(3, 35), `${label}: the line names the trace`);
        if (headers.traceparent !== undefined)
          t.equal(traceIdInLog, traceId, `${label}: the client's trace goes on`);
        expected.push({
          label,
          surface: way.surface,
          name: method(way.method).slice(1),
          told,
          traceId: told.slice(3, 35),
        });
      }
    }
    t.equal(new Set(expected.map(({ traceId }) => traceId)).size, expected.length, 'a trace each');
    const spans = await receiver.take(t, expected.length * 2);
    t.equal(spans.length, expected.length * 2, 'two spans each, and no more');
    for (const { label, surface, name, told, traceId } of expected) {
      const [server, client] = spans
        .filter((span) => span.traceId === traceId)
        .sort((a, b) => a.kind - b.kind);
      const system = surface === 'connect' ? 'connectrpc' : 'grpc';
      t.match(
        server,
        {
          kind: 2,
          name,
          attributes: {
            'rpc.system.name': system,
            'rpc.method': name,
            'rpc.response.status_code': 'OK',
            'sluice.surface': surface,
            'server.address': '127.0.0.1',
          },
          status: {},
        },
        label,
      );
      t.match(
        client,
        {
          kind: 3,
          name,
          attributes: {
            'rpc.system.name': 'grpc',
            'rpc.method': name,
            'rpc.response.status_code': 'OK',
            'server.address': '127.0.0.1',
            'server.port': Number(foreign.upstream.target.split(':')[1]),
          },
        },
        label,
      );
      t.notOk(
        'error.type' in (server?.attributes ?? {}) || 'error.type' in (client?.attributes ?? {}),
        label,
      );
      t.equal(client?.parentSpanId, server?.spanId, `${label}: the call is below the exchange`);
      t.equal(told.slice(36, 52), client?.spanId, `${label}: the service is told of the call`);
      const isBelowClient = traceId.startsWith(TRACE.slice(0, -2));
      t.equal(server?.parentSpanId, isBelowClient ? PARENT_SPAN : undefined, label);
      t.equal(server?.flags, isBelowClient ? 0x301 : 0x101, label);
      t.equal(server?.traceState, isBelowClient ? STATE : undefined, label);
      const times = [
        server?.startTimeUnixNano,
        client?.startTimeUnixNano,
        client?.endTimeUnixNano,
        server?.endTimeUnixNano,
      ];
      t.same(times, times.toSorted(), `${label}: the call is within the exchange`);
      t.match(times.join(), /^\d{19},\d{19},\d{19},\d{19}$/);
    }
    t.match(receiver.requests[0], { path: '/v1/traces', headers: { 'content-type': 'application/json' } });
    t.match(receiver.resources[0], {
      'service.name': 'edge',
      'service.version': '1.2.3',
      'service.instance.id': String,
    });
    const { text } = await http(`${foreign.gateway.adminUrl}/metrics`);
    t.match(text, new RegExp(`sluice_trace_spans_total\\{result="sent"\\} ${expected.length * 2}\n`));
    t.match(text, 'sluice_trace_spans_total{result="dropped"} 0');
  },
);
