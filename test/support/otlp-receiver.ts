import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';
import { until } from './http.js';

/** A span as it came, with its attributes as plain values. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly traceState?: string;
  readonly flags: number;
  readonly name: string;
  /** 2: server, 3: client. */
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly {
    readonly name: string;
    readonly timeUnixNano: string;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
  readonly status: { readonly code?: number };
}

export interface OtlpReceiver {
  readonly url: string;
  readonly spans: ReceivedSpan[];
  /** What the requests said of the process. */
  readonly resources: Readonly<Record<string, unknown>>[];
  readonly requests: { readonly path: string | undefined; readonly headers: IncomingHttpHeaders }[];
  /** Resolves with so many spans that fit, as soon as they have come. */
  take(t: Test, count: number, fits?: (span: ReceivedSpan) => boolean): Promise<ReceivedSpan[]>;
}

type KeyValues = readonly { readonly key: string; readonly value: Readonly<Record<string, unknown>> }[];

/** An endpoint of OTLP over HTTP on loopback, closed in the teardown. `answer` answers in its place; by default everything is taken. */
export async function openOtlpReceiver(
  t: Test,
  answer: (response: ServerResponse, attempt: number) => void = (response) => void response.end('{}'),
): Promise<OtlpReceiver> {
  const spans: ReceivedSpan[] = [];
  const resources: Record<string, unknown>[] = [];
  const requests: OtlpReceiver['requests'] = [];
  const server: Server = createServer(async (request, response) => {
    const pieces: Buffer[] = [];
    try {
      for await (const piece of request) pieces.push(piece as Buffer);
    } catch {
      // The gateway has given up.
      return;
    }
    requests.push({ path: request.url, headers: request.headers });
    const attempt = requests.length;
    response.on('finish', () => {
      if (response.statusCode !== 200) return;
      const { resourceSpans } = JSON.parse(Buffer.concat(pieces).toString());
      for (const { resource, scopeSpans } of resourceSpans) {
        resources.push(plain(resource.attributes));
        for (const scope of scopeSpans) spans.push(...scope.spans.map(received));
      }
    });
    answer(response, attempt);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans,
    resources,
    requests,
    async take(t, count, fits = () => true) {
      const seen = () => spans.filter(fits);
      await until(t, `${count} spans`, () => seen().length >= count);
      return seen();
    },
  };
}

function received(span: { attributes: KeyValues; events: { attributes: KeyValues }[] }): ReceivedSpan {
  const events = span.events.map((event) => ({ ...event, attributes: plain(event.attributes) }));
  return { ...span, attributes: plain(span.attributes), events } as unknown as ReceivedSpan;
}

function plain(attributes: KeyValues): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [
      key,
      value.intValue === undefined ? Object.values(value)[0] : Number(value.intValue),
    ]),
  );
}
