import type { Test } from 'tap';
import type { Metadata } from '../../../../gateway/status/index.js';
import { openScriptedUpstream, type Step } from '../../../support/scripted-upstream.js';
import { neverAborted, readToEnd, type Subject } from './subject.js';

/** google.rpc.Status {code: 5, message: "näh % %23 # ok", details: [{type_url: "t/x.Y", value: 01 02}]} */
function richStatus(): Buffer {
  const message = Buffer.from('näh % %23 # ok');
  const any = Buffer.concat([Buffer.from([0x0a, 5]), Buffer.from('t/x.Y'), Buffer.from([0x12, 2, 1, 2])]);
  return Buffer.concat([
    Buffer.from([0x08, 5, 0x12, message.length]),
    message,
    Buffer.from([0x1a, any.length]),
    any,
  ]);
}

/** Metadata and the status, both ways. */
export function metadataContract(t: Test, subject: Subject): void {
  async function play(steps: readonly Step[], metadata: Metadata = []) {
    const service = await openScriptedUpstream({ '/test.Meta/Call': steps });
    const transport = subject.open({ target: service.target });
    const call = transport.open('/test.Meta/Call', { metadata, signal: neverAborted() });
    call.halfClose();
    const headers = await call.headers;
    const { messages } = await readToEnd(call);
    const status = await call.status;
    const seen = service.calls('/test.Meta/Call')[0]?.metadata ?? [];
    await transport.close();
    service.close();
    return { headers, messages, status, seen };
  }

  t.test('text, repeated and binary metadata reaches the service', async (t) => {
    const { seen } = await play(
      [{ in: 'end' }],
      [
        ['x-text', 'a b,c;d'],
        ['x-twice', '1'],
        ['x-twice', '2'],
        ['x-bytes-bin', 'AP8B'],
        ['x-bytes-bin', 'AQ'],
        ['authorization', 'Bearer x'],
      ],
    );
    const of = (name: string) => seen.filter(([key]) => key === name).map(([, value]) => value);
    t.same(of('x-text'), ['a b,c;d']);
    t.same(of('x-twice').join(', '), '1, 2');
    t.same(of('x-bytes-bin'), ['AP8B', 'AQ==']);
    t.same(of('authorization'), ['Bearer x']);
  });

  t.test(
    'headers and trailers of the service come as pairs, padded, without what is HTTP or gRPC',
    async (t) => {
      const { headers, status } = await play([
        { in: 'end' },
        {
          headers: [
            ['x-text', 'a b'],
            ['x-bytes-bin', 'AQ=='],
            ['x-bytes-bin', 'AgM='],
          ],
        },
        { out: Buffer.from('m') },
        { status: 'OK', trailers: [['x-trail-bin', '/w==']] },
      ]);
      t.strictSame(headers, [
        ['x-text', 'a b'],
        ['x-bytes-bin', 'AQ=='],
        ['x-bytes-bin', 'AgM='],
      ]);
      t.strictSame(status.trailers, [['x-trail-bin', '/w==']]);
    },
  );

  t.test('a failure brings code, message, details and trailers', async (t) => {
    const { status } = await play([
      { in: 'end' },
      { out: Buffer.from('m') },
      {
        status: 'NOT_FOUND',
        message: 'näh % %23 # ok',
        details: richStatus(),
        trailers: [['x-trail', 't']],
      },
    ]);
    t.strictSame(
      { ...status, details: status.details.map(({ typeUrl, value }) => [typeUrl, ...value]) },
      {
        code: 5,
        message: 'näh % %23 # ok',
        details: [['t/x.Y', 1, 2]],
        trailers: [['x-trail', 't']],
        truncated: false,
      },
    );
  });

  t.test('details that are no google.rpc.Status are left out, the status stands', async (t) => {
    const { status } = await play([
      { in: 'end' },
      { status: 'ABORTED', message: 'no', details: Buffer.from([0x1a, 0x7f, 1]) },
    ]);
    t.match(status, { code: 10, message: 'no', details: [] });
  });

  t.test('a failure at once has no headers', async (t) => {
    const { headers, status } = await play([{ status: 'PERMISSION_DENIED', message: 'no' }]);
    t.equal(headers, undefined);
    t.match(status, { code: 7, message: 'no' });
  });

  t.test('reserved or illegal metadata is refused, and the neighbour on the connection lives', async (t) => {
    const service = await openScriptedUpstream({ '/test.Meta/Echo': [{ echo: true }] });
    t.teardown(() => service.close());
    const transport = subject.open({ target: service.target });
    t.teardown(() => transport.close());
    const neighbour = transport.open('/test.Meta/Echo', { metadata: [], signal: neverAborted() });
    await neighbour.write([Buffer.from('1')]);
    await neighbour.read();
    const bad: [string, string][] = [
      ['connection', 'close'],
      ['keep-alive', 'x'],
      ['transfer-encoding', 'chunked'],
      ['upgrade', 'x'],
      ['te', 'gzip'],
      ['host', 'x'],
      ['content-length', '1'],
      ['grpc-timeout', '1S'],
      [':path', '/x'],
      ['X-Upper', 'x'],
      ['x-line', 'a\r\nb: c'],
      ['x-umlaut', 'ä'],
      ['x-bytes-bin', '!'],
      ['', 'x'],
    ];
    for (const [name, value] of bad) {
      const call = transport.open('/test.Meta/Echo', { metadata: [[name, value]], signal: neverAborted() });
      t.match(await call.status, { code: 3 }, JSON.stringify(name));
      t.equal(await call.headers, undefined);
      t.equal(await call.read(), undefined);
      t.equal(await call.write([Buffer.from('x')]), false);
    }
    const odd = transport.open('/test.Meta/Echo', { metadata: [['__proto__', 'x']], signal: neverAborted() });
    odd.halfClose();
    await readToEnd(odd);
    t.match(await odd.status, { code: 0 }, 'a name is only a name');
    t.match(await transport.open('no-method', { metadata: [], signal: neverAborted() }).status, { code: 3 });
    await neighbour.write([Buffer.from('2')]);
    t.equal((await neighbour.read())?.count, 1);
    t.equal(service.calls('/test.Meta/Echo').length, 2);
  });

  t.test('an unknown method is UNIMPLEMENTED', async (t) => {
    const service = await openScriptedUpstream({});
    t.teardown(() => service.close());
    const transport = subject.open({ target: service.target });
    t.teardown(() => transport.close());
    const call = transport.open('/test.Meta/None', { metadata: [], signal: neverAborted() });
    t.match(await call.status, { code: 12 });
  });
}
