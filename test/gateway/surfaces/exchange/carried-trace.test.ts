import t from 'tap';
import { boundedBaggage } from '../../../../gateway/surfaces/exchange/bounded-baggage.js';
import { carriedTrace } from '../../../../gateway/surfaces/exchange/carried-trace.js';
import { bytes, method, openForeign } from '../../../support/foreign.js';
import { http, until } from '../../../support/http.js';
import { openOf, openSession, PROTOCOLS } from '../../../support/session.js';
import { TRACE_WAYS, toldOf } from '../../../support/trace-ways.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = `00-${TRACE}-b7ad6b7169203331-01`;
const LATER = `cc-${TRACE}-b7ad6b7169203331-01-more`;
const STATE = 'rojo=1,congo=2';

t.test(
  'the trace of a client goes to the service unchanged on every surface, and a malformed one does not',
  async (t) => {
    const item = await bytes({});
    const answer = [{ in: 'end' as const }, { out: item }];
    const foreign = await openForeign(t, {
      Ask: answer,
      Down: answer,
      Up: answer,
      Both: answer,
      Fetch: [{ in: 'end' }],
      Store: answer,
    });
    for (const [label, way] of Object.entries(TRACE_WAYS)) {
      const told = async (headers: Record<string, string>) => {
        foreign.lines.length = 0;
        const before = foreign.upstream.calls(method(way.method)).length;
        await way.run(t, foreign, headers);
        t.equal(foreign.upstream.calls(method(way.method)).length, before + 1, `${label}: one call`);
        await until(t, 'the line of the call', () => foreign.lines.some(({ msg }) => msg === 'call'));
        const line = foreign.lines.find(({ msg }) => msg === 'call');
        t.equal(line?.surface, way.surface, label);
        return {
          parent: toldOf(foreign, way.method, 'traceparent'),
          state: toldOf(foreign, way.method, 'tracestate').join(),
          traceId: line?.traceId,
        };
      };
      const whole = { parent: [PARENT], state: STATE, traceId: TRACE };
      t.same(await told({ traceparent: PARENT, tracestate: STATE }), whole, label);
      t.same(await told({ traceparent: LATER }), { parent: [LATER], state: '', traceId: TRACE }, label);
      t.same(
        await told({ traceparent: PARENT, tracestate: 'Bad State' }),
        { parent: [PARENT], state: '', traceId: TRACE },
        `${label}: the trace goes on without a state that is malformed`,
      );
      const none = { parent: [], state: '', traceId: undefined };
      t.same(await told({}), none, label);
      for (const bad of [
        'b',
        PARENT.toUpperCase(),
        `${PARENT}-x`,
        `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
      ]) {
        t.same(await told({ traceparent: bad, tracestate: STATE }), none, `${label}: ${bad}`);
      }
      if (way.surface !== 'grpc' || !label.includes('native')) {
        t.same(
          await told({ traceparent: PARENT, tracestate: 'rojo=1,\tcongo=2' }),
          { parent: [PARENT], state: 'rojo=1, congo=2', traceId: TRACE },
          `${label}: a tab is a space`,
        );
        t.same(await told({ traceparent: `${PARENT}\xe9` }), none, `${label}: no header is refused for it`);
      }
      t.same(await told({ tracestate: STATE }), none, `${label}: a state alone is nothing`);
    }
  },
);

t.test('what an open says of its trace replaces all that the handshake said', async (t) => {
  const foreign = await openForeign(t, { Down: [{ in: 'end' }] });
  const other = PARENT.replace('0af7', 'ffff');
  for (const protocol of PROTOCOLS) {
    const headers = { traceparent: PARENT, tracestate: STATE, baggage: 'a=b' };
    const session = await openSession(foreign.wsUrl, protocol, { headers });
    let id = 0;
    for (const [metadata, parent, state] of [
      [{}, [PARENT], [STATE]],
      [{ traceparent: other }, [other], []],
      [{ traceparent: other, tracestate: 'x=1' }, [other], ['x=1']],
      [{ traceparent: 'bad' }, [], []],
      [{ tracestate: 'x=1' }, [], []],
    ] as const) {
      id += 1;
      await session.send(openOf(id, 'Down', { metadata }), { halfClose: { id } });
      await session.all(id);
      t.same(toldOf(foreign, 'Down', 'traceparent'), parent, protocol);
      t.same(toldOf(foreign, 'Down', 'tracestate'), state, protocol);
      t.same(toldOf(foreign, 'Down', 'baggage'), ['a=b'], 'baggage is another thing');
    }
    session.test.socket.close();
    await session.closed;
  }
});

t.test('a traceparent that is there twice is none, and several lines of tracestate are one', async (t) => {
  t.equal(carriedTrace([['x-request-id', 'a']]), undefined);
  const twice = carriedTrace([
    ['traceparent', PARENT],
    ['a', 'b'],
    ['traceparent', PARENT],
  ]);
  t.same([twice?.context, twice?.others, twice?.metadata], [undefined, [['a', 'b']], [['a', 'b']]]);
  const lines = carriedTrace([
    ['tracestate', 'a=1'],
    ['traceparent', PARENT],
    ['tracestate', 'b=2'],
  ]);
  t.same(lines?.metadata, [
    ['traceparent', PARENT],
    ['tracestate', 'a=1,b=2'],
  ]);
});

t.test('refused requests and calls name the trace of their client', async (t) => {
  const { url, wsUrl, lines } = await openForeign(t, { Ask: [] });
  await http(`${url}/no/path`, { headers: { traceparent: PARENT } });
  await http(`${url}/no/path`, { headers: { traceparent: 'bad' } });
  const session = await openSession(wsUrl, 'sluice.v1.json', { headers: { traceparent: PARENT } });
  await session.send(openOf(1, 'None'), openOf(2, 'None', { metadata: { traceparent: 'bad' } }));
  await session.all(1);
  await session.all(2);
  session.test.socket.close();
  await session.closed;
  const refused = lines.filter(({ msg }) => msg === 'request refused').map(({ traceId }) => traceId);
  t.same(refused, [TRACE, undefined, TRACE, undefined]);
});

t.test('baggage travels as it came, and of a long one what fits, on every surface', async (t) => {
  const item = await bytes({});
  const answer = [{ in: 'end' as const }, { out: item }];
  const foreign = await openForeign(t, {
    Ask: answer,
    Down: answer,
    Up: answer,
    Both: answer,
    Fetch: [{ in: 'end' }],
    Store: answer,
  });
  const member = (length: number) => `a=${'b'.repeat(length - 2)}`;
  for (const [label, way] of Object.entries(TRACE_WAYS)) {
    const calls = () => foreign.upstream.calls(method(way.method)).length;
    const before = calls();
    const good = [member(3_000), 'c=d', member(3_000)].join();
    await way.run(t, foreign, { baggage: good });
    t.equal(toldOf(foreign, way.method, 'baggage').join(), good, label);
    // Protocols that have it as metadata of the client's own may refuse it.
    await Promise.resolve(way.run(t, foreign, { baggage: `${good},${member(3_000)}` })).catch(() => {});
    const last = toldOf(foreign, way.method, 'baggage').join();
    t.equal(last, good, `${label}: the first members of a longer one, ${calls() - before} calls`);
  }
});

t.test('of baggage the first whole members travel that fit into 8,192 characters', (t) => {
  const member = (length: number) => `a=${'b'.repeat(length - 2)}`;
  const of = (...values: string[]) => {
    const pairs = values.map((value) => ['baggage', value] as const);
    return boundedBaggage([['x-a', 'b'], ...pairs])
      .filter(([name]) => name === 'baggage')
      .map(([, value]) => value);
  };
  t.same(of(member(8_192)), [member(8_192)]);
  t.same(of(member(8_193)), [], 'no half of one');
  t.same(of(`c=d,${member(8_192)}`), ['c=d']);
  t.same(of(`${member(8_192)},c=d`), [member(8_192)]);
  t.same(of(member(4_095), member(4_096)), [member(4_095), member(4_096)]);
  t.same(of(member(4_096), member(4_096), 'c=d'), [member(4_096)]);
  const few = [['baggage', 'a=b']] as const;
  t.equal(boundedBaggage(few), few);
  t.end();
});
