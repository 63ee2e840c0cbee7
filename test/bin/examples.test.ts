import { pino } from 'pino';
import t, { type Test } from 'tap';
import { openGateway } from '../../gateway/index.js';
import type { MethodDescription, SchemaDescription } from '../../gateway/schema/describe/describe.js';
import { openCore } from '../../grpc-core/index.js';
import { closeInTeardown } from '../support/given-back.js';
import { http, open } from '../support/http.js';
import { connect } from '../support/websocket.js';

const log = pino({ level: 'silent' });

/** The gateway in front of a fresh core, and what it says can be called. */
async function start(
  t: Test,
): Promise<{ readonly url: string; readonly methods: readonly MethodDescription[] }> {
  const dataDir = t.testdir();
  const core = await openCore({ listen: '127.0.0.1:0', dataDir, dataIntervalMs: 5, graceMs: 100, log });
  t.teardown(() => core.close());
  const gateway = await openGateway({
    upstream: core.address,
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    graceMs: 100,
    log,
  });
  closeInTeardown(t, gateway);
  const description: SchemaDescription = JSON.parse((await http(`${gateway.url}/_sluice/services`)).text);
  const found = description.services.find(({ name }) => name === 'streaming.StreamingService');
  return { url: gateway.url, methods: found?.methods ?? [] };
}

interface Sent {
  readonly url: string;
  readonly method: MethodDescription;
  readonly text: string;
}

/** The beginning of a streamed body, up to what the pattern wants; the call is left then. */
async function beginning(
  { url, method, text }: Sent,
  headers: Record<string, string>,
  wanted: RegExp,
): Promise<string> {
  const { response, socket } = await open(url + method.path, { method: 'POST', headers, body: text });
  let body = `${response.statusCode} `;
  response.on('data', (chunk: Buffer) => {
    body += chunk.toString();
    if (wanted.test(body)) socket.destroy();
  });
  response.on('error', () => {});
  await new Promise((resolve) => response.once('close', resolve));
  return body;
}

/** Every surface of a kind of method, with the pattern of an answer that says OK. */
const surfaces: Readonly<Record<string, (sent: Sent) => Promise<readonly [answer: string, wanted: RegExp]>>> =
  {
    async json(sent) {
      const line = sent.method.kind === 'client_stream';
      const type = line ? 'application/x-ndjson' : 'application/json';
      const headers = { 'content-type': type, accept: 'application/json' };
      const answer = await http(sent.url + sent.method.path, { method: 'POST', headers, body: sent.text });
      return [`${answer.status} ${answer.text}`, /^200 \{/];
    },
    async sse(sent) {
      const wanted = /\ndata: ?\{/;
      const type = sent.method.kind === 'bidi_stream' ? 'application/x-ndjson' : 'application/json';
      return [
        await beginning(sent, { 'content-type': type, accept: 'text/event-stream' }, wanted),
        /^200 [\s\S]*\ndata: ?\{/,
      ];
    },
    async ndjson(sent) {
      const type = sent.method.kind === 'bidi_stream' ? 'application/x-ndjson' : 'application/json';
      return [
        await beginning(sent, { 'content-type': type, accept: 'application/x-ndjson' }, /\n/),
        /^200 \{(?!"error")/,
      ];
    },
    async socket(sent) {
      const socket = await connect(sent.url.replace(/^http/, 'ws') + sent.method.path);
      socket.socket.send(sent.text);
      if (sent.method.kind === 'client_stream') socket.socket.send('');
      const first = await socket.next();
      socket.socket.close();
      const { code, reason } = await socket.closed;
      return [`${first ?? `${code} ${reason}`}`, /^\{/];
    },
  };

const surfacesOf: Readonly<Record<MethodDescription['kind'], readonly string[]>> = {
  unary: ['json', 'socket'],
  server_stream: ['sse', 'ndjson', 'socket'],
  client_stream: ['json', 'socket'],
  bidi_stream: ['sse', 'ndjson', 'socket'],
};

t.test('the example of every method of the core can be sent as it is, on every surface', async (t) => {
  const { url, methods } = await start(t);
  t.equal(methods.length, 13);
  for (const method of methods) {
    const text = JSON.stringify(method.example);
    for (const name of surfacesOf[method.kind]) {
      const send = surfaces[name];
      if (send === undefined) throw new Error(name);
      const [answer, wanted] = await send({ url, method, text });
      t.match(answer, wanted, `${method.name}, ${name}: ${text}`);
    }
  }
  const batch = await http(`${url}/streaming.StreamingService/ProcessBatch`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: JSON.stringify(methods.find(({ name }) => name === 'ProcessBatch')?.example),
  });
  t.same(JSON.parse(batch.text), { processedCount: 1, successCount: 1 }, 'and is what the processor wants');
});
