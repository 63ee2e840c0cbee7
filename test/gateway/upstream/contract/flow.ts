import type { Test } from 'tap';
import { quiet } from '../../../support/quiet.js';
import { openScriptedUpstream } from '../../../support/scripted-upstream.js';
import { neverAborted, readToEnd, type Subject, untilQuiet } from './subject.js';

const kibi = 1024;
const forever = new Promise<never>(() => {});

/** Messages that a server on grpc-js takes from its handler beyond what the network takes. */
const serverReadAhead = 16;
/** What HTTP/2 may deliver before anybody reads: the largest window a transport may open for a stalled call. */
const windowBytes = 256 * kibi;

/** Room, in both directions: shown by counts that stand still, never by time. */
export function flowContract(t: Test, subject: Subject): void {
  for (const size of [16, kibi, 64 * kibi, 1024 * kibi]) {
    t.test(`a reader that stops stops the service, messages of ${size} bytes`, async (t) => {
      const readAheadBytes = 128 * kibi;
      const service = await openScriptedUpstream({
        '/test.Flow/Flood': [{ out: Buffer.alloc(size), times: 1_000_000 }],
        '/test.Flow/Echo': [{ echo: true }],
      });
      t.teardown(() => service.close());
      const transport = subject.open({ target: service.target, readAheadBytes, maxConnections: 1 });
      t.teardown(() => transport.close());
      const stalled = transport.open('/test.Flow/Flood', { metadata: [], signal: neverAborted() });
      stalled.halfClose();
      const seen = await service.call('/test.Flow/Flood');
      await stalled.read();
      const accepted = await untilQuiet(() => seen.accepted);
      // Each batch that was read let one more be read ahead; the service's own queue and a message under way.
      const held =
        2 * (readAheadBytes + windowBytes) + (serverReadAhead + subject.limits.messagesReadAhead + 3) * size;
      t.ok(accepted * size <= held, `${accepted * size} bytes accepted, at most ${held}`);
      const neighbour = transport.open('/test.Flow/Echo', { metadata: [], signal: neverAborted() });
      for (let n = 0; n < 20; n++) {
        await neighbour.write([Buffer.alloc(kibi)]);
        t.ok(await neighbour.read());
      }
      neighbour.halfClose();
      t.equal(await neighbour.read(), undefined);
      t.equal(seen.accepted, accepted, 'the neighbour moved, the stalled call did not');
      while (seen.accepted === accepted) t.ok(await stalled.read(), 'reading on lets the service write on');
      stalled.cancel();
      t.match(await stalled.status, { code: 1 });
    });
  }

  t.test('a reader that stops and goes on gets every message', async (t) => {
    const count = 20_000;
    const service = await openScriptedUpstream({
      '/test.Flow/Down': () =>
        Array.from({ length: count }, (_, n) => ({ out: Buffer.from(`${n} ${'x'.repeat(100)}`) })),
    });
    t.teardown(() => service.close());
    const transport = subject.open({ target: service.target, readAheadBytes: 16 * kibi });
    t.teardown(() => transport.close());
    const call = transport.open('/test.Flow/Down', { metadata: [], signal: neverAborted() });
    call.halfClose();
    let next = 0;
    let inOrder = true;
    for (let batch = await call.read(), reads = 0; batch; batch = await call.read(), reads++) {
      for (const message of batch)
        inOrder &&= Number.parseInt(Buffer.from(message).toString(), 10) === next++;
      if (reads % 10 === 0) await quiet(5);
    }
    t.equal(next, count);
    t.ok(inOrder);
    t.match(await call.status, { code: 0, truncated: false });
  });

  t.test('a service that does not read stops the sender, and lets it go on', async (t) => {
    let open!: () => void;
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    const service = await openScriptedUpstream({ '/test.Flow/Up': [{ wait: gate }, { in: 'end' }] });
    t.teardown(() => service.close());
    const transport = subject.open({ target: service.target });
    t.teardown(() => transport.close());
    const call = transport.open('/test.Flow/Up', { metadata: [], signal: neverAborted() });
    let written = 0;
    const total = 2_000;
    const sending = (async () => {
      for (; written < total; written++) await call.write([Buffer.alloc(kibi, written % 251)]);
      call.halfClose();
    })();
    const stopped = await untilQuiet(() => written);
    t.ok(stopped < 512, `${stopped} KiB written to a service that does not read`);
    open();
    await sending;
    await readToEnd(call);
    t.match(await call.status, { code: 0 });
    t.equal(service.calls('/test.Flow/Up')[0]?.received.length, total);
  });

  t.test('an empty message at the end of a large batch waits for room like any other', async (t) => {
    const service = await openScriptedUpstream({ '/test.Flow/Up': [{ wait: new Promise(() => {}) }] });
    t.teardown(() => service.close());
    const transport = subject.open({ target: service.target });
    t.teardown(() => transport.close());
    const call = transport.open('/test.Flow/Up', { metadata: [], signal: neverAborted() });
    const batch = [...Array.from({ length: 1024 }, () => Buffer.alloc(kibi)), Buffer.alloc(0)];
    let room = 0;
    void Promise.resolve(call.write(batch)).then((more) => {
      room += more ? 1 : 0;
    });
    await untilQuiet(() => room);
    t.equal(room, 0, 'the service has not read');
    call.cancel();
    t.match(await call.status, { code: 1 });
  });

  t.test('room that is there, and the end, need no promise', async (t) => {
    const service = await openScriptedUpstream({ '/test.Flow/Up': [{ wait: new Promise(() => {}) }] });
    t.teardown(() => service.close());
    const transport = subject.open({ target: service.target });
    t.teardown(() => transport.close());
    const call = transport.open('/test.Flow/Up', { metadata: [], signal: neverAborted() });
    // The first one may wait for the connection.
    t.equal(await call.write([Buffer.from('one')]), true);
    t.equal(call.write([Buffer.from('two')]), true);
    call.cancel();
    t.equal(call.write([Buffer.from('three')]), false);
  });

  t.test('messages before a failure reach a reader that keeps up', async (t) => {
    const service = await openScriptedUpstream({
      '/test.Flow/Fail': [{ out: Buffer.alloc(64), times: 2_000 }, { status: 'ABORTED' }],
    });
    t.teardown(() => service.close());
    const transport = subject.open({ target: service.target });
    t.teardown(() => transport.close());
    for (let round = 0; round < 5; round++) {
      const call = transport.open('/test.Flow/Fail', { metadata: [], signal: neverAborted() });
      call.halfClose();
      t.equal((await readToEnd(call)).messages.length, 2_000);
      t.match(await call.status, { code: 10, truncated: false });
    }
  });

  t.test('messages before a failure reach a slow reader, or the status says that they did not', async (t) => {
    const count = 3_000;
    const service = await openScriptedUpstream({
      '/test.Flow/Fail': [
        { out: Buffer.alloc(100), times: count },
        { status: 'ABORTED', message: 'late' },
      ],
    });
    t.teardown(() => service.close());
    const transport = subject.open({ target: service.target, readAheadBytes: 16 * kibi });
    t.teardown(() => transport.close());
    const call = transport.open('/test.Flow/Fail', { metadata: [], signal: neverAborted() });
    call.halfClose();
    let got = 0;
    for (let batch = await call.read(); batch; batch = await call.read()) {
      got += batch.count;
      await quiet(2);
    }
    const status = await call.status;
    t.match(status, { code: 10, message: 'late' });
    if (subject.limits.losesMessagesBeforeFailure)
      t.ok(got === count || status.truncated, `${got} of ${count}`);
    else t.strictSame([got, status.truncated], [count, false]);
  });

  t.test('a reader that comes only after the failure gets what had arrived', async (t) => {
    const service = await openScriptedUpstream({
      '/test.Flow/Fail': [{ out: Buffer.from('m'), times: 500 }, { status: 'ABORTED' }],
    });
    t.teardown(() => service.close());
    const transport = subject.open({ target: service.target });
    t.teardown(() => transport.close());
    const call = transport.open('/test.Flow/Fail', { metadata: [], signal: neverAborted() });
    call.halfClose();
    await (await service.call('/test.Flow/Fail')).over;
    await quiet(100);
    t.equal((await readToEnd(call)).messages.length, 500);
    t.match(await call.status, { code: 10, truncated: false });
  });

  t.test('a message above the limit is RESOURCE_EXHAUSTED, before it is gathered', async (t) => {
    const service = await openScriptedUpstream({
      '/test.Flow/Big': [{ out: Buffer.alloc(10) }, { out: Buffer.alloc(64 * kibi + 1) }, { wait: forever }],
      '/test.Flow/Fits': [{ out: Buffer.alloc(64 * kibi) }],
    });
    t.teardown(() => service.close());
    const transport = subject.open({ target: service.target, maxMessageBytes: 64 * kibi });
    t.teardown(() => transport.close());
    const fits = transport.open('/test.Flow/Fits', { metadata: [], signal: neverAborted() });
    fits.halfClose();
    t.equal((await readToEnd(fits)).messages[0]?.length, 64 * kibi);
    const big = transport.open('/test.Flow/Big', { metadata: [], signal: neverAborted() });
    big.halfClose();
    t.equal((await readToEnd(big)).messages.length, 1);
    t.match(await big.status, { code: 8 });
    const seen = await service.call('/test.Flow/Big');
    await seen.over;
    t.equal(seen.cancelled, true);
  });
}
