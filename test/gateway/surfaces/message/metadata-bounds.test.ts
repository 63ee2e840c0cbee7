import { execFileSync, spawn } from 'node:child_process';
import t, { type Test } from 'tap';
import type { GatewayOptions } from '../../../../gateway/index.js';
import { bytes, method, openForeign } from '../../../support/foreign.js';
import { http, httpJson, open, sseEvents } from '../../../support/http.js';
import { endOf, type Frame, openOf, openSession, PROTOCOLS } from '../../../support/session.js';
import { answerWith, frame, grpcHeaders, openPeer } from '../../upstream/http2/peer.js';

const MOST = 100;
/** As many commas as fit into the 64 KiB of a header block. */
const COMMAS = ','.repeat(4_000);
const BLOCK = { 'x-many-bin': new Array(14).fill(COMMAS), 'x-last': 'gone' };
const POST = { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } };

/** A gateway in front of a service whose metadata and trailers are nothing but commas. */
async function openCommas(t: Test, options: Partial<GatewayOptions> = {}) {
  const answer = await bytes({ text: 'yes' });
  const peer = await openPeer((stream, { ':path': path }) => {
    const message = path === method('Ask') ? answer : Buffer.alloc(0);
    answerWith(stream, [frame(message)], { 'grpc-status': '0', ...BLOCK }, {
      ...grpcHeaders,
      ...BLOCK,
    } as never);
  });
  t.teardown(() => peer.close());
  const foreign = await openForeign(t, {}, { upstream: peer.target, ...options });
  const warnings = () => foreign.lines.filter(({ msg }) => String(msg).startsWith('metadata dropped'));
  return { ...foreign, warnings };
}

/** The lines of the head, one by one. */
async function headLines(url: string, accept = '*/*'): Promise<[name: string, value: string][]> {
  const { response, socket } = await open(url, { ...POST, headers: { ...POST.headers, accept } });
  const { rawHeaders } = response;
  socket.destroy();
  return rawHeaders.flatMap((name, at): [string, string][] =>
    at % 2 === 0 ? [[name.toLowerCase(), rawHeaders[at + 1] as string]] : [],
  );
}

const valuesIn = (value: unknown) => String(value).split(',').length;

for (const transport of ['http2', 'grpc-js'] as const) {
  t.test(`${transport}: a value of commas is a hundred pairs and one line of log`, async (t) => {
    const { url, warnings } = await openCommas(t, { transport });
    const lines = await headLines(url + method('Ask'));
    t.ok(lines.length <= 100, `${lines.length} header lines`);
    for (const name of ['grpc-metadata-x-many-bin', 'grpc-trailer-x-many-bin']) {
      const values = lines.filter(([key]) => key === name).map(([, value]) => value);
      t.equal(valuesIn(values.join(',')), MOST, name);
    }
    t.equal(warnings().length, 1, 'one line for both');
  });

  t.test(`${transport}: the same in the end of an event stream`, async (t) => {
    const { url, warnings } = await openCommas(t, { transport });
    const { text, headers } = await http(url + method('Down'), {
      ...POST,
      headers: { ...POST.headers, accept: 'text/event-stream' },
    });
    t.equal(valuesIn(headers['grpc-metadata-x-many-bin']), MOST);
    const end = sseEvents(text).at(-1) as { event: string; data: { trailers: Record<string, string[]> } };
    t.equal(end.event, 'end');
    t.equal(end.data.trailers['x-many-bin']?.length, MOST);
    t.equal(warnings().length, 1);
  });

  for (const accept of ['application/x-ndjson', 'application/json', 'application/octet-stream']) {
    t.test(`${transport}: the same in the head of ${accept}`, async (t) => {
      const { url, warnings } = await openCommas(t, { transport });
      const lines = await headLines(url + method(accept.endsWith('stream') ? 'Fetch' : 'Down'), accept);
      t.ok(lines.length <= 100, `${lines.length} header lines`);
      t.equal(warnings().length, 1);
    });
  }

  for (const protocol of PROTOCOLS) {
    t.test(`${transport}: the same in the frames of ${protocol}`, async (t) => {
      const { wsUrl, warnings } = await openCommas(t, { transport });
      const client = await openSession(wsUrl, protocol);
      await client.send(openOf(1, 'Down'), { message: { id: 1, data: {} } });
      const frames: Frame[] = await client.all(1);
      const metadata = frames.find(({ headers }) => headers !== undefined)?.headers?.metadata;
      const { trailers } = frames.at(-1)?.end ?? {};
      for (const block of [metadata, trailers])
        t.equal(valuesIn((block as Record<string, string>)['x-many-bin']), MOST);
      t.equal(warnings().length, 1, 'one line for both');
    });
  }
}

t.test('many names are too many lines as well, and 8 KiB are enough', async (t) => {
  const pairs = (count: number, value: string) =>
    Array.from({ length: count }, (_, index): [string, string] => [`x-${index}`, value]);
  const ask = async (headers: [string, string][], trailers: [string, string][]) => {
    const { url, lines } = await openForeign(t, {
      Ask: [{ in: 'end' }, { headers }, { out: await bytes({}) }, { status: 'OK', trailers }],
    });
    const found = await headLines(url + method('Ask'));
    const warnings = lines.filter(({ msg }) => String(msg).startsWith('metadata dropped')).length;
    return { found, warnings };
  };
  const few = await ask(pairs(20, 'a'), pairs(20, 'b'));
  t.equal(few.found.filter(([name]) => /^grpc-(metadata|trailer)-x-/.test(name)).length, 40);
  t.equal(few.warnings, 0);
  const many = await ask(pairs(100, 'a'), pairs(100, 'b'));
  t.ok(many.found.length <= 100, `${many.found.length} lines`);
  t.equal(many.warnings, 1);
  const large = await ask(pairs(20, 'a'.repeat(1_000)), []);
  const bytesThere = large.found.reduce((sum, [, value]) => sum + value.length, 0);
  t.ok(bytesThere < 9 * 1024, `${bytesThere} bytes`);
  t.equal(large.warnings, 1);
});

t.test('what a client sends is a hundred values and 8 KiB at most, on every way in', async (t) => {
  const { url, wsUrl, upstream } = await openForeign(t, { Ask: [{ in: 'end' }, { out: await bytes({}) }] });
  const list = (count: number) => new Array(count).fill('AA==').join(',');
  const refused: [string, Record<string, string>][] = [
    ['x-many-bin', { 'x-many-bin': list(101) }],
    ['x-many-bin', { 'x-many-bin': ','.repeat(8_000) }],
    ['x-last-bin', { 'x-first-bin': list(60), 'x-last-bin': list(60) }],
    ['x-large', { 'x-large': 'a'.repeat(8 * 1024) }],
  ];
  const taken: Record<string, string>[] = [{ 'x-many-bin': list(100) }, { 'x-large': 'a'.repeat(8_000) }];
  const headersOf = (metadata: Record<string, string>) =>
    Object.fromEntries(Object.entries(metadata).map(([name, value]) => [`grpc-metadata-${name}`, value]));
  for (const [name, metadata] of refused) {
    const answer = await httpJson(url + method('Ask'), {
      ...POST,
      headers: { ...POST.headers, ...headersOf(metadata) },
    });
    t.match(answer, { status: 400, json: { error: { status: 'INVALID_ARGUMENT' } } });
    t.match(JSON.stringify(answer.json), `grpc-metadata-${name}`);
  }
  for (const metadata of taken)
    t.equal(
      (await http(url + method('Ask'), { ...POST, headers: { ...POST.headers, ...headersOf(metadata) } }))
        .status,
      200,
    );
  t.equal(upstream.calls(method('Ask')).length, taken.length);
  const sent = upstream
    .calls(method('Ask'))
    .at(0)
    ?.metadata.filter(([name]) => name === 'x-many-bin');
  t.equal(sent?.length, MOST);
  for (const protocol of PROTOCOLS) {
    const client = await openSession(wsUrl, protocol);
    let id = 0;
    const open = async (metadata: Record<string, string>) => {
      id += 1;
      await client.send(openOf(id, 'Ask', { metadata }), { message: { id, data: {} } });
      return (await client.all(id)).at(-1);
    };
    for (const [, metadata] of [...refused, ['', { 'x-huge-bin': ','.repeat(1_000_000) }] as const])
      t.match(await open(metadata), {
        end: { status: { code: 3, message: /at most 100 values and 8192 bytes/ } },
      });
    for (const metadata of taken) t.same(await open(metadata), endOf(id));
    client.test.socket.close();
  }
});

t.test("Python's client takes the answer", async (t) => {
  try {
    execFileSync('python3', ['--version']);
  } catch {
    t.comment('skipped: no python3');
    return;
  }
  const { url } = await openCommas(t);
  const script =
    'import sys,urllib.request as u;r=u.Request(sys.argv[1],b"{}",{"content-type":"application/json"});' +
    'print(u.urlopen(r).read().decode())';
  const child = spawn('python3', ['-c', script, url + method('Ask')]);
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += chunk;
  });
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  await new Promise((resolve) => child.on('close', resolve));
  t.match(said, /"text":"yes"/);
});
