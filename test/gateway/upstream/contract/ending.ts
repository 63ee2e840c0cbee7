import { getEventListeners } from 'node:events';
import type { Test } from 'tap';
import type { Call } from '../../../../gateway/upstream/index.js';
import { openScriptedUpstream } from '../../../support/scripted-upstream.js';
import { neverAborted, readToEnd, type Subject, untilQuiet } from './subject.js';

const forever = new Promise<never>(() => {});

/** Cancel, abort and deadline, whatever the call is doing, and what is left behind. */
export function endingContract(t: Test, subject: Subject): void {
  const scripts = {
    '/test.End/Silent': [{ wait: forever }],
    '/test.End/Flood': [{ out: Buffer.alloc(1024), times: 1_000_000 }, { wait: forever }],
  };
  type Doing = (call: Call) => Promise<unknown>;
  const doings: [name: string, method: keyof typeof scripts, doing: Doing][] = [
    ['waiting for a message', '/test.End/Silent', (call) => call.read()],
    [
      'waiting for room to write',
      '/test.End/Silent',
      async (call) => {
        while (await call.write([Buffer.alloc(16 * 1024)]));
      },
    ],
    ['not reading what comes', '/test.End/Flood', () => Promise.resolve()],
  ];
  const endings: [name: string, end: (call: Call, abort: AbortController) => void][] = [
    ['cancel', (call) => call.cancel()],
    ['abort', (_call, abort) => abort.abort()],
  ];
  for (const [doingName, method, doing] of doings) {
    for (const [endingName, end] of endings) {
      t.test(`${endingName} ends a call that is ${doingName}`, async (t) => {
        const service = await openScriptedUpstream(scripts);
        t.teardown(() => service.close());
        const transport = subject.open({ target: service.target });
        t.teardown(() => transport.close());
        const abort = new AbortController();
        const call = transport.open(method, { metadata: [], signal: abort.signal });
        const busy = doing(call);
        const seen = await service.call(method);
        await untilQuiet(() => seen.accepted, 100);
        end(call, abort);
        await busy;
        t.match(await call.status, { code: 1 });
        t.equal(await call.read(), undefined);
        t.equal(await call.write([Buffer.from('x')]), false);
        await seen.over;
        t.equal(seen.cancelled, true, 'the service knows');
        t.equal(getEventListeners(abort.signal, 'abort').length, 0);
        call.cancel();
        call.halfClose();
      });
    }
  }

  t.test('the listener on the signal goes when a call ends by itself', async (t) => {
    const service = await openScriptedUpstream({ '/test.End/Ok': [{ in: 'end' }] });
    t.teardown(() => service.close());
    const transport = subject.open({ target: service.target });
    t.teardown(() => transport.close());
    const abort = new AbortController();
    const call = transport.open('/test.End/Ok', { metadata: [], signal: abort.signal });
    call.halfClose();
    await readToEnd(call);
    t.match(await call.status, { code: 0 });
    t.equal(getEventListeners(abort.signal, 'abort').length, 0);
    abort.abort();
    t.match(await call.status, { code: 0 });
  });

  t.test('an aborted signal or a past deadline opens nothing', async (t) => {
    const service = await openScriptedUpstream(scripts);
    t.teardown(() => service.close());
    const transport = subject.open({ target: service.target });
    t.teardown(() => transport.close());
    const aborted = transport.open('/test.End/Silent', { metadata: [], signal: AbortSignal.abort() });
    t.match(await aborted.status, { code: 1 });
    const late = transport.open('/test.End/Silent', {
      metadata: [],
      signal: neverAborted(),
      deadline: Date.now() - 1,
    });
    t.match(await late.status, { code: 4 });
    t.equal(service.calls('/test.End/Silent').length, 0);
  });

  t.test('the deadline ends a silent call on both sides', async (t) => {
    const service = await openScriptedUpstream(scripts);
    t.teardown(() => service.close());
    const transport = subject.open({ target: service.target });
    t.teardown(() => transport.close());
    t.equal(await transport.ready(30_000), true);
    // A call that a stalled machine did not send in time says nothing of the service: then once more, with more time.
    for (let ms = 300; service.calls('/test.End/Silent').length === 0; ms *= 2) {
      const deadline = Date.now() + ms;
      const call = transport.open('/test.End/Silent', { metadata: [], signal: neverAborted(), deadline });
      t.equal(await call.read(), undefined);
      t.match(await call.status, { code: 4 });
    }
    const seen = await service.call('/test.End/Silent');
    await seen.over;
    t.equal(seen.cancelled, true);
  });

  t.test('close ends every call with CANCELLED, and later ones too', async (t) => {
    const service = await openScriptedUpstream(scripts);
    t.teardown(() => service.close());
    const transport = subject.open({ target: service.target });
    const calls = Array.from({ length: 5 }, () =>
      transport.open('/test.End/Flood', { metadata: [], signal: neverAborted() }),
    );
    const seen = await service.call('/test.End/Flood', 4);
    await transport.close();
    for (const call of calls) t.match(await call.status, { code: 1 });
    await seen.over;
    t.match(await transport.open('/test.End/Flood', { metadata: [], signal: neverAborted() }).status, {
      code: 1,
    });
    t.equal(await transport.ready(100), false);
    await transport.close();
  });
}
