import t from 'tap';
import { bytes, json, method, openForeign } from '../support/foreign.js';
import { WEB_CLIENTS } from './grpc-web-clients.js';

for (const client of WEB_CLIENTS) {
  t.test(`${client.name}: messages, metadata, ends`, async (t) => {
    const metadata = { headers: [['first', '1']] } as const;
    const end = { status: 'OK', trailers: [['last', '2']] } as const;
    const { url, upstream } = await openForeign(t, {
      Ask: [metadata, { in: 'end' }, { out: await bytes({ text: 'ä' }) }, end],
      Down: [metadata, { in: 'end' }, { out: await bytes({ text: 'é' }), times: 500 }, end],
    });
    const asked = await client.call(url, 'Ask', 'who?', 'a');
    t.same(asked, { texts: ['ä'], code: 'OK', first: '1', last: '2' });
    const call = await upstream.call(method('Ask'));
    t.same(await json(call.received[0]), { text: 'who?' });
    t.same(
      call.metadata.filter(([name]) => name === 'asked'),
      [['asked', 'a']],
    );
    const streamed = await client.call(url, 'Down', 'all', 'b');
    t.same(streamed, { texts: Array(500).fill('é'), code: 'OK', first: '1', last: '2' });
  });

  t.test(`${client.name}: failures of the service, early and late, and of the gateway`, async (t) => {
    const status = { status: 'NOT_FOUND', message: 'näh' } as const;
    const { url } = await openForeign(t, {
      Ask: [{ in: 'end' }, status],
      Down: [{ in: 'end' }, { out: await bytes({ text: 'x' }), times: 2 }, status],
    });
    t.match(await client.call(url, 'Ask', '', ''), { texts: [], code: 'NOT_FOUND', message: 'näh' });
    t.match(await client.call(url, 'Down', '', ''), { texts: ['x', 'x'], code: 'NOT_FOUND', message: 'näh' });
    const refused = await client.call(url, 'Ask', 'x'.repeat(5 * 1024 * 1024), '');
    t.match(refused, { texts: [], code: 'RESOURCE_EXHAUSTED' });
  });
}
