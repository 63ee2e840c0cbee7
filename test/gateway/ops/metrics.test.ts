import t from 'tap';
import { bytes, method, openForeign } from '../../support/foreign.js';
import { http, open, until } from '../../support/http.js';
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
      [`sluice_calls_total{method="${F}/Ask",surface="rest",code="OK"}`]: 2,
      [`sluice_calls_total{method="${F}/Down",surface="ndjson",code="DATA_LOSS"}`]: 1,
      [`sluice_calls_total{method="${F}/Down",surface="sse",code="DATA_LOSS"}`]: 1,
      [`sluice_calls_total{method="${F}/Up",surface="rest",code="NOT_FOUND"}`]: 1,
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
      twice.samples.get(`sluice_calls_total{method="${F}/Ask",surface="rest",code="OK"}`),
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
  const name = `sluice_calls_total{method="${F}/Ask",surface="rest",code="OK"}`;
  t.equal((await scrape(one.gateway.adminUrl)).samples.get(name), 1);
  t.equal((await scrape(two.gateway.adminUrl)).samples.get(name), undefined);
  t.ok((await scrape(two.gateway.adminUrl)).samples.has('process_cpu_seconds_total'));
});

t.test('metrics are not where browsers come in', async (t) => {
  const { url } = await openForeign(t, {});
  t.equal((await http(`${url}/metrics`)).status, 404);
});
