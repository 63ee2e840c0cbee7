import type { Test } from 'tap';
import { openScriptedUpstream } from '../../../support/scripted-upstream.js';
import { neverAborted, readToEnd, type Subject, texts, until, untilQuiet } from './subject.js';

/** Every kind of call, through the one shape. */
export function kindsContract(t: Test, subject: Subject): void {
  t.test('a unary call gives headers, one message, trailers and OK', async (t) => {
    const service = await openScriptedUpstream({
      '/test.Kinds/Unary': [
        { in: 'end' },
        { headers: [['x-head', 'h']] },
        { out: Buffer.from('answer') },
        { status: 'OK', trailers: [['x-trail', 't']] },
      ],
    });
    t.teardown(() => service.close());
    const transport = subject.open({ target: service.target });
    t.teardown(() => transport.close());
    const call = transport.open('/test.Kinds/Unary', { metadata: [], signal: neverAborted() });
    t.equal(await call.write([Buffer.from('question')]), true);
    call.halfClose();
    call.halfClose();
    t.same(await call.headers, [['x-head', 'h']]);
    t.same(texts((await readToEnd(call)).messages), ['answer']);
    t.strictSame(await call.status, {
      code: 0,
      message: 'OK',
      details: [],
      trailers: [['x-trail', 't']],
      truncated: false,
    });
    t.same(texts(service.calls('/test.Kinds/Unary')[0]?.received ?? []), ['question']);
    t.equal(await call.read(), undefined, 'nothing more comes after the end');
    t.equal(await call.write([Buffer.from('late')]), false);
    call.cancel();
  });

  t.test('a client stream is received whole and in order', async (t) => {
    const service = await openScriptedUpstream({
      '/test.Kinds/Up': [{ in: 'end' }, { out: Buffer.from('done') }],
    });
    t.teardown(() => service.close());
    const transport = subject.open({ target: service.target });
    t.teardown(() => transport.close());
    const call = transport.open('/test.Kinds/Up', { metadata: [], signal: neverAborted() });
    for (let n = 0; n < 300; n += 3) {
      t.equal(await call.write([`${n}`, `${n + 1}`, `${n + 2}`].map((text) => Buffer.from(text))), true);
    }
    call.halfClose();
    t.same(texts((await readToEnd(call)).messages), ['done']);
    t.same(
      texts(service.calls('/test.Kinds/Up')[0]?.received ?? []),
      Array.from({ length: 300 }, (_, n) => `${n}`),
    );
  });

  t.test('messages in pieces are received whole, large and small', async (t) => {
    const service = await openScriptedUpstream({
      '/test.Kinds/Up': [{ in: 'end' }, { out: Buffer.from('ok') }],
    });
    t.teardown(() => service.close());
    const transport = subject.open({ target: service.target });
    t.teardown(() => transport.close());
    const call = transport.open('/test.Kinds/Up', { metadata: [], signal: neverAborted() });
    const large = Buffer.alloc(100_003, 'large');
    await call.write([[Buffer.from('in '), Buffer.from('pieces')], Buffer.from('whole')]);
    await call.write([
      [Buffer.from('>'), large.subarray(0, 70_000), Buffer.alloc(0), large.subarray(70_000)],
    ]);
    call.halfClose();
    t.same(texts((await readToEnd(call)).messages), ['ok']);
    const received = service.calls('/test.Kinds/Up')[0]?.received ?? [];
    t.same(texts(received), ['in pieces', 'whole', `>${large}`]);
  });

  t.test('a server stream comes whole and in order, what has arrived as one batch', async (t) => {
    const count = 5_000;
    const service = await openScriptedUpstream({
      '/test.Kinds/Down': () => Array.from({ length: count }, (_, n) => ({ out: Buffer.from(`${n}`) })),
    });
    t.teardown(() => service.close());
    const transport = subject.open({ target: service.target });
    t.teardown(() => transport.close());
    const call = transport.open('/test.Kinds/Down', { metadata: [], signal: neverAborted() });
    call.halfClose();
    const seen = await service.call('/test.Kinds/Down');
    await until(() => seen.accepted > 0);
    await untilQuiet(() => seen.accepted, 100);
    const first = [...((await call.read()) ?? [])].map((message) => Buffer.from(message));
    t.ok(first.length > 500, `${first.length} messages in the first batch`);
    const messages = [...first, ...(await readToEnd(call)).messages];
    t.same(
      texts(messages),
      Array.from({ length: count }, (_, n) => `${n}`),
    );
    t.match(await call.status, { code: 0, truncated: false });
  });

  t.test('a conversation goes back and forth, each message alone', async (t) => {
    const service = await openScriptedUpstream({ '/test.Kinds/Echo': [{ echo: true }] });
    t.teardown(() => service.close());
    const transport = subject.open({ target: service.target });
    t.teardown(() => transport.close());
    const call = transport.open('/test.Kinds/Echo', { metadata: [], signal: neverAborted() });
    for (let n = 0; n < 50; n++) {
      await call.write([Buffer.from(`${n}`)]);
      t.same(texts((await call.read()) ?? []), [`${n}`]);
    }
    call.halfClose();
    t.equal(await call.read(), undefined);
    t.match(await call.status, { code: 0 });
  });

  t.test('empty messages, and one larger than every window, arrive', async (t) => {
    const large = Buffer.alloc(3 * 1024 * 1024, 'x');
    const service = await openScriptedUpstream({ '/test.Kinds/Echo': [{ echo: true }] });
    t.teardown(() => service.close());
    const transport = subject.open({ target: service.target });
    t.teardown(() => transport.close());
    const call = transport.open('/test.Kinds/Echo', { metadata: [], signal: neverAborted() });
    await call.write([new Uint8Array(0), large, new Uint8Array(0), new Uint8Array(0)]);
    call.halfClose();
    const { messages } = await readToEnd(call);
    t.same(
      messages.map((message) => message.length),
      [0, large.length, 0, 0],
    );
    t.ok(large.equals(messages[1] ?? Buffer.alloc(0)));
  });

  t.test('a hundred calls at once on one connection do not mix', async (t) => {
    const service = await openScriptedUpstream({ '/test.Kinds/Echo': [{ echo: true }] });
    t.teardown(() => service.close());
    const transport = subject.open({ target: service.target, streamsPerConnection: 100, maxConnections: 1 });
    t.teardown(() => transport.close());
    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, n) => {
        const call = transport.open('/test.Kinds/Echo', { metadata: [], signal: neverAborted() });
        await call.write([Buffer.from(`${n}`)]);
        call.halfClose();
        return texts((await readToEnd(call)).messages).join();
      }),
    );
    t.same(
      answers,
      Array.from({ length: 100 }, (_, n) => `${n}`),
    );
  });
}
