import t from 'tap';
import { bytes, json, method, openForeign, statusBytes } from '../../../support/foreign.js';
import { until } from '../../../support/http.js';
import { endOf, openOf, openSession, PROTOCOLS } from '../../../support/session.js';

const never = new Promise<never>(() => {});

for (const protocol of PROTOCOLS) {
  t.test(`all four kinds on one socket: ${protocol}`, async (t) => {
    const { wsUrl, upstream, gateway, lines } = await openForeign(t, {
      Ask: [{ in: 'end' }, { out: await bytes({ text: 'yes' }) }],
      Down: [{ in: 'end' }, { out: await bytes({ number: 1 }), times: 3 }],
      Up: [{ in: 'end' }, { out: await bytes({ number: 2 }) }],
      Both: [{ echo: true }],
    });
    const client = await openSession(wsUrl, protocol);
    await client.send(
      openOf(1, 'Ask'),
      { message: { id: 1, data: { text: 'q' } } },
      openOf(2, 'Down'),
      { message: { id: 2, data: {} } },
      openOf(3, 'Up'),
      { message: { id: 3, data: { number: 1 } } },
      { message: { id: 3, data: { number: 2 } } },
      { halfClose: { id: 3 } },
      openOf(4, 'Both'),
      { message: { id: 4, data: { text: 'hi', big: '9007199254740993' } } },
    );
    t.same(await client.all(1), [
      { opened: { id: 1, credit: 1 } },
      { headers: { id: 1, metadata: {} } },
      { message: { id: 1, data: { text: 'yes' } } },
      endOf(1),
    ]);
    t.same(await client.all(2), [
      { opened: { id: 2, credit: 1 } },
      { headers: { id: 2, metadata: {} } },
      ...new Array(3).fill({ message: { id: 2, data: { number: 1 } } }),
      endOf(2),
    ]);
    t.same((await client.all(3)).slice(-2), [{ message: { id: 3, data: { number: 2 } } }, endOf(3)]);
    t.same(await client.of(4), { opened: { id: 4, credit: 16 } });
    t.same(await client.of(4), { headers: { id: 4, metadata: {} } });
    t.same(await client.of(4), { message: { id: 4, data: { text: 'hi', big: '9007199254740993' } } });
    await client.send({ halfClose: { id: 4 } });
    t.same(await client.of(4), endOf(4));
    const up = (await upstream.call(method('Up'))).received;
    t.same(await Promise.all(up.map((message) => json(message))), [{ number: 1 }, { number: 2 }]);
    t.same(await json((await upstream.call(method('Ask'))).received[0]), { text: 'q' });
    client.test.socket.close();
    await client.closed;
    await until(t, 'no exchange', () => gateway.openExchanges === 0);
    const calls = lines.filter(({ surface }) => surface === 'session');
    t.match(calls, new Array(4).fill({ code: 'OK', msg: 'call' }), 'a line of log each');
  });

  t.test(`numbers and texts are exact: ${protocol}`, async (t) => {
    const { wsUrl } = await openForeign(t, { Both: [{ echo: true }] });
    const client = await openSession(wsUrl, protocol);
    await client.send(openOf(1, 'Both'));
    const items = [
      { big: '-9223372036854775808' },
      { text: 'é"\\\n\u2028 {[,', tags: ['}', ']', ''] },
      { child: { child: { number: -1 } }, at: '2024-02-29T00:00:00.123456789Z' },
      {},
    ];
    for (const data of items) await client.send({ message: { id: 1, data } });
    await client.send({ halfClose: { id: 1 } });
    const frames = (await client.all(1)).filter(({ message }) => message !== undefined);
    t.same(
      frames.map(({ message }) => message?.data),
      items,
    );
  });

  t.test(`metadata, trailers, details of a status: ${protocol}`, async (t) => {
    const { wsUrl, upstream, lines } = await openForeign(
      t,
      {
        Down: [
          { in: 'end' },
          {
            headers: [
              ['a', '1'],
              ['a', '2'],
              ['k-bin', 'AAE='],
            ],
          },
          { out: await bytes({ number: 1 }) },
          {
            status: 'UNAVAILABLE',
            message: 'come back',
            details: await statusBytes(14, 'come back', '1.500s'),
            trailers: [
              ['t', 'x'],
              ['t', 'y'],
            ],
          },
        ],
      },
      { forwardHeaders: ['x-tenant'] },
    );
    const headers = {
      authorization: 'Bearer a',
      'x-tenant': 'acme',
      'grpc-metadata-x-own': 'session',
      'x-other': 'no',
    };
    const client = await openSession(wsUrl, protocol, { headers });
    const metadata = { 'x-own': 'call', 'own-bin': 'AAE=,Ag==', 'x-request-id': 'mine' };
    await client.send(openOf(1, 'Down', { metadata }), { message: { id: 1, data: {} } });
    t.same((await client.all(1)).slice(1), [
      { headers: { id: 1, metadata: { a: '1,2', 'k-bin': 'AAE=' } } },
      { message: { id: 1, data: { number: 1 } } },
      {
        end: {
          id: 1,
          status: {
            code: 14,
            message: 'come back',
            details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1.500s' }],
          },
          trailers: { t: 'x,y' },
          truncated: false,
        },
      },
    ]);
    const sent = (await upstream.call(method('Down'))).metadata;
    const valuesOf = (wanted: string) => sent.filter(([key]) => key === wanted).map(([, value]) => value);
    t.same(valuesOf('authorization'), ['Bearer a']);
    t.same(valuesOf('x-tenant'), ['acme']);
    t.same(valuesOf('x-own'), ['call'], 'what the call says wins');
    t.same(valuesOf('own-bin'), ['AAE=', 'Ag==']);
    t.same(valuesOf('x-other'), []);
    t.same(valuesOf('x-request-id'), ['mine']);
    t.match(
      lines.filter(({ msg }) => msg === 'call'),
      [{ requestId: 'mine', code: 'UNAVAILABLE' }],
    );
  });

  t.test(`cursors: ${protocol}`, async (t) => {
    const { wsUrl, upstream } = await openForeign(t, {
      Numbered: [{ in: 'end' }, { out: await bytes({ text: '~c 8', number: 8 }) }],
    });
    const client = await openSession(wsUrl, protocol);
    await client.send(openOf(1, 'Numbered', { cursor: '~c 7' }), {
      message: { id: 1, data: { text: 'start' } },
    });
    t.same((await client.all(1)).slice(-2), [
      { message: { id: 1, data: { text: '~c 8', number: 8 }, cursor: '~c 8' } },
      endOf(1),
    ]);
    t.same(await json((await upstream.call(method('Numbered'))).received[0]), { text: '~c 7' });
  });

  t.test(`half-close alone is an empty message; cancel; deadline: ${protocol}`, async (t) => {
    const { wsUrl, upstream, gateway } = await openForeign(t, {
      Ask: [{ in: 'end' }, { out: await bytes({ text: 'empty' }) }],
      Both: [{ wait: never }],
    });
    const client = await openSession(wsUrl, protocol);
    await client.send(openOf(1, 'Ask'), { halfClose: { id: 1 } });
    t.same((await client.all(1)).slice(-2), [{ message: { id: 1, data: { text: 'empty' } } }, endOf(1)]);
    t.equal((await upstream.call(method('Ask'))).received[0]?.length, 0);

    await client.send(openOf(2, 'Both'));
    const cancelled = await upstream.call(method('Both'));
    await client.send({ cancel: { id: 2 } }, { cancel: { id: 2 } });
    t.match((await client.all(2)).at(-1), { end: { id: 2, status: { code: 1 }, truncated: false } });
    await cancelled.over;
    t.ok(cancelled.cancelled);

    await client.send(openOf(3, 'Both', { timeoutMs: 500 }));
    t.match((await client.all(3)).at(-1), { end: { id: 3, status: { code: 4 } } });
    const late = await upstream.call(method('Both'), 1);
    await late.over;
    t.ok(late.hasDeadline);
    await client.send(
      { message: { id: 3, data: {} } },
      { credit: { id: 3, messages: 1 } },
      { halfClose: { id: 3 } },
    );
    await client.send({ ping: { token: 'still here' } });
    t.same(
      await client.next(),
      { pong: { token: 'still here' } },
      'frames that have crossed an end are passed over',
    );
    await until(t, 'no exchange', () => gateway.openExchanges === 0);
  });
}
