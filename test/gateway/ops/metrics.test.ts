import { readFileSync } from 'node:fs';
import t from 'tap';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { http, open, send, until } from '../../support/http.js';
import { raw } from '../../support/raw-client.js';
import { connect } from '../../support/websocket.js';

const F = 'foreign.v1.Foreign';

/** The samples of a scrape, by what stands before the value. */
async function scrape(
  adminUrl: string,
): Promise<{ samples: Map<string, number>; text: string; type: string | undefined }> {
  const { status, text, headers } = await http(`${adminUrl}/metrics`);
  if (status !== 200) throw new Error(`metrics: ${status}`);
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const at = line.lastIndexOf(' ');
    samples.set(line.slice(0, at), Number(line.slice(at + 1)));
  }
  return { samples, text, type: headers['content-type'] };
}

/** The names of the series that are the gateway's own. The process's come and go with what it does: a kind of collection, a kind of handle. */
async function ownSeries(adminUrl: string): Promise<string[]> {
  const { samples } = await scrape(adminUrl);
  return [...samples.keys()].filter((name) => name.startsWith('sluice_')).sort();
}

t.test(
  'calls are counted by method, surface and the code that the client got; messages by direction',
  async (t) => {
    const item = await bytes({ number: 1 });
    const { url, wsUrl, gateway } = await openForeign(t, {
      Ask: [{ in: 'end' }, { out: item }],
      Down: [{ in: 'end' }, { out: item, times: 5 }, { status: 'DATA_LOSS' }],
      Both: [{ echo: true }],
      Up: [{ in: 'end' }, { status: 'NOT_FOUND' }],
    });
    await http(url + method('Ask'));
    await http(url + method('Ask'));
    await http(url + method('Down'));
    await http(url + method('Down'), { headers: { accept: 'text/event-stream' } });
    await http(url + method('Up'), { body: '{}\n{}\n', headers: { 'content-type': 'application/x-ndjson' } });
    const client = await connect(wsUrl + method('Both'));
    for (const frame of ['{}', '{}', '{}', '']) client.socket.send(frame);
    await client.closed;
    await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
    const { samples, type } = await scrape(gateway.adminUrl);
    t.match(type, /^text\/plain; version=0\.0\.4/);
    const wanted = {
      [`sluice_calls_total{method="${F}/Ask",surface="json",code="OK"}`]: 2,
      [`sluice_calls_total{method="${F}/Down",surface="ndjson",code="DATA_LOSS"}`]: 1,
      [`sluice_calls_total{method="${F}/Down",surface="sse",code="DATA_LOSS"}`]: 1,
      [`sluice_calls_total{method="${F}/Up",surface="json",code="NOT_FOUND"}`]: 1,
      [`sluice_calls_total{method="${F}/Both",surface="websocket",code="OK"}`]: 1,
      [`sluice_messages_total{method="${F}/Ask",direction="up"}`]: 2,
      [`sluice_messages_total{method="${F}/Ask",direction="down"}`]: 2,
      [`sluice_messages_total{method="${F}/Down",direction="down"}`]: 10,
      [`sluice_messages_total{method="${F}/Up",direction="up"}`]: 2,
      [`sluice_messages_total{method="${F}/Both",direction="up"}`]: 3,
      [`sluice_messages_total{method="${F}/Both",direction="down"}`]: 3,
      [`sluice_call_duration_seconds_count{method="${F}/Ask"}`]: 2,
      [`sluice_call_duration_seconds_bucket{le="+Inf",method="${F}/Down"}`]: 2,
      sluice_open_exchanges: 0,
    };
    for (const [name, value] of Object.entries(wanted)) t.equal(samples.get(name), value, name);
    t.ok((samples.get('process_cpu_seconds_total') ?? 0) > 0, 'and those of the process');
    t.ok(samples.has('nodejs_eventloop_lag_p99_seconds'));
    const twice = await scrape(gateway.adminUrl);
    t.equal(
      twice.samples.get(`sluice_calls_total{method="${F}/Ask",surface="json",code="OK"}`),
      2,
      'a scrape adds nothing',
    );
  },
);

t.test('an open exchange is a gauge, and a client that left is CANCELLED', async (t) => {
  const { url, gateway, upstream } = await openForeign(t, {
    Down: [{ in: 'end' }, { out: await bytes({ number: 1 }) }, { wait: new Promise(() => {}) }],
  });
  const { response } = await open(url + method('Down'));
  t.equal((await scrape(gateway.adminUrl)).samples.get('sluice_open_exchanges'), 1);
  response.on('error', () => {});
  response.destroy();
  await (await upstream.call(method('Down'))).over;
  await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
  const { samples } = await scrape(gateway.adminUrl);
  t.equal(samples.get('sluice_open_exchanges'), 0);
  t.equal(samples.get(`sluice_calls_total{method="${F}/Down",surface="ndjson",code="CANCELLED"}`), 1);
});

t.test('bytes are counted at once, by surface and direction, as protobuf', async (t) => {
  const item = await bytes({ number: 1, text: 'x'.repeat(1_000) });
  const { url, wsUrl, gateway } = await openForeign(t, {
    Ask: [{ in: 'end' }, { out: item }],
    Down: [{ in: 'end' }, { out: item, times: 3 }, { wait: new Promise(() => {}) }],
    Up: [{ in: 'end' }, { out: item }],
    Both: [{ echo: true }],
  });
  await http(url + method('Ask'));
  const { response } = await open(url + method('Down'), { headers: { accept: 'text/event-stream' } });
  response.on('error', () => {});
  let text = '';
  for await (const chunk of response) {
    text += chunk;
    if (text.split('\ndata:').length > 3) break;
  }
  const json = JSON.stringify({ number: 1, text: 'x'.repeat(1_000) });
  await http(url + method('Up'), {
    body: `${json}\n${json}\n`,
    headers: { 'content-type': 'application/x-ndjson' },
  });
  const client = await connect(wsUrl + method('Both'));
  for (const frame of [json, '']) client.socket.send(frame);
  await client.closed;
  const { samples } = await scrape(gateway.adminUrl);
  const bytesOf = (surface: string, direction: string) =>
    samples.get(`sluice_bytes_total{surface="${surface}",direction="${direction}"}`);
  t.equal(bytesOf('json', 'up'), 2 * item.byteLength, 'a GET has an empty message');
  t.equal(bytesOf('json', 'down'), 2 * item.byteLength);
  t.equal(bytesOf('sse', 'down'), 3 * item.byteLength, 'of a stream that is open');
  t.equal(bytesOf('websocket', 'up'), item.byteLength);
  t.equal(bytesOf('websocket', 'down'), item.byteLength);
});

t.test('what is refused before there is a call is counted by reason, on every way in', async (t) => {
  const { url, wsUrl, gateway } = await openForeign(t, { Ask: [{ in: 'end' }, { out: await bytes({}) }] });
  const refused = async () => {
    const { samples } = await scrape(gateway.adminUrl);
    const counts: Record<string, number> = {};
    for (const [name, value] of samples) {
      const reason = /^sluice_refused_requests_total\{reason="(\w+)"\}$/.exec(name)?.[1];
      if (reason !== undefined && value > 0) counts[reason] = value;
    }
    return counts;
  };
  t.same(await refused(), {});
  await http(`${url}/none`);
  await http(url + method('Ask'), { method: 'DELETE' });
  await http(url + method('Ask'), {
    method: 'POST',
    body: '<a/>',
    headers: { 'content-type': 'application/xml' },
  });
  await http(url + method('Ask'), { headers: { host: 'evil.example' } });
  const broken = await raw(t, url, 'nonsense\r\n\r\n');
  await broken.closed;
  await connect(`${wsUrl}/none`).catch(() => {});
  const before = {
    not_found: 2,
    method_not_allowed: 1,
    unsupported_media_type: 1,
    wrong_host: 1,
    bad_request: 1,
  };
  t.same(await refused(), before);
  const session = await connect(`${wsUrl}/_sluice/session`, {}, ['sluice.v1.json']);
  t.equal((await scrape(gateway.adminUrl)).samples.get('sluice_sessions'), 1);
  session.socket.send('{"open":{"id":1,"method":"foreign.v1.Foreign/None"}}');
  let frame: string | Buffer | undefined = '';
  while (frame !== undefined && !frame.includes('"end"')) frame = await session.next();
  t.same(await refused(), { ...before, not_implemented: 1 });
  session.socket.close();
  await session.closed;
  await http(url + method('Ask'));
  t.same(await refused(), { ...before, not_implemented: 1 }, 'a call is none');
});

for (const transport of ['http2', 'grpc-js'] as const) {
  t.test(`connections, readiness and draining are gauges: ${transport}`, async (t) => {
    const { url, gateway } = await openForeign(
      t,
      { Ask: [{ in: 'end' }, { out: await bytes({}) }], Up: [{ in: 'end' }, { out: await bytes({}) }] },
      { transport, graceMs: 60_000 },
    );
    await http(url + method('Ask'));
    const gauge = async (name: string) => (await scrape(gateway.adminUrl)).samples.get(`sluice_${name}`);
    t.equal(await gauge('upstream_connections'), 1);
    t.equal(await gauge('ready'), 1);
    t.equal(await gauge('draining'), 0);
    const upload = send(url + method('Up'), {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
    });
    upload.write('{}\n');
    await until(t, 'the upload to be open', () => gateway.openExchanges === 1);
    const closed = gateway.close();
    t.equal(await gauge('ready'), 0);
    t.equal(await gauge('draining'), 1);
    upload.end();
    await closed;
  });
}

t.test('the document lists every metric with its labels, and no other', async (t) => {
  const text = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
  const documented = new Map(
    [...text.matchAll(/^\| `(sluice_\w+)` \|([^|]*)\|/gm)].map(([, name = '', labels = '']) => [
      name,
      [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label).sort(),
    ]),
  );
  const { url, gateway } = await openForeign(
    t,
    { Ask: [{ in: 'end' }, { out: await bytes({}) }] },
    { config: { methods: { [`${F}/Down`]: { slowReader: { policy: 'disconnect' } } } } },
  );
  await http(url + method('Ask'));
  await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
  const shown = (await scrape(gateway.adminUrl)).text;
  const names = [...shown.matchAll(/^# TYPE (sluice_\w+)/gm)].map(([, name]) => name);
  t.same(names.sort(), [...documented.keys()].sort());
  for (const [, name = '', labels = ''] of shown.matchAll(/^(sluice_\w+?)(?:_bucket)?(?:\{(.*)\})? /gm)) {
    if (!documented.has(name)) continue;
    const given = [...labels.matchAll(/(\w+)="/g)]
      .map(([, label]) => label)
      .filter((label) => label !== 'le');
    t.same(given.sort(), documented.get(name), name);
  }
  const reasons = [...shown.matchAll(/reason="(\w+)"/g)].map(([, reason]) => reason);
  const row = /^\| `sluice_refused_requests_total`.*$/m.exec(text)?.[0] ?? '';
  for (const reason of reasons) t.match(row, `\`${reason}\``);
});

t.test('nothing of a request becomes a label: clients cannot make series', async (t) => {
  const { url, gateway } = await openForeign(t, { Ask: [{ in: 'end' }, { out: await bytes({}) }] });
  await http(url + method('Ask'));
  await until(t, 'no exchange to be open', () => gateway.openExchanges === 0);
  const before = await ownSeries(gateway.adminUrl);
  for (let n = 0; n < 20; n += 1) {
    await http(`${url}/no/such/path/${n}`);
    await http(`${url}${method('Ask')}?text=t${n}`, {
      headers: { 'x-request-id': `r${n}`, 'grpc-metadata-m': `m${n}`, 'user-agent': `u${n}` },
    });
    await http(url + method(`Nope${n}`), { method: 'POST', body: '{}' });
  }
  t.same(await ownSeries(gateway.adminUrl), before);
  const { text } = await scrape(gateway.adminUrl);
  t.notMatch(text, /Nope|\/no\/such|t7|r7|m7|u7/);
});

t.test('two gateways in one process count for themselves, and the process once', async (t) => {
  const scripts = { Ask: [{ in: 'end' }, { out: await bytes({}) }] } as const;
  const one = await openForeign(t, scripts);
  const two = await openForeign(t, scripts);
  await http(one.url + method('Ask'));
  await until(t, 'no exchange to be open', () => one.gateway.openExchanges === 0);
  const name = `sluice_calls_total{method="${F}/Ask",surface="json",code="OK"}`;
  t.equal((await scrape(one.gateway.adminUrl)).samples.get(name), 1);
  t.equal((await scrape(two.gateway.adminUrl)).samples.get(name), undefined);
  t.ok((await scrape(two.gateway.adminUrl)).samples.has('process_cpu_seconds_total'));
});

t.test('metrics are not where browsers come in', async (t) => {
  const { url } = await openForeign(t, {});
  t.equal((await http(`${url}/metrics`)).status, 404);
});
