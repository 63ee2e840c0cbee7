import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { Test } from 'tap';
import { openScriptedUpstream } from '../../../support/scripted-upstream.js';
import { grpcHeaders, openPeer } from '../http2/peer.js';
import { openProxy } from './proxy.js';
import { neverAborted, readToEnd, type Subject, until, untilQuiet } from './subject.js';

const forever = new Promise<never>(() => {});

/** Connections: none, lost, full, many. */
export function connectionsContract(t: Test, subject: Subject): void {
  t.test('ready says whether a connection stands', async (t) => {
    const service = await openScriptedUpstream({});
    const transport = subject.open({ target: service.target });
    t.teardown(() => transport.close());
    t.equal(await transport.ready(5_000), true);
    service.close();
    const nobody = subject.open({ target: '127.0.0.1:1' });
    t.teardown(() => nobody.close());
    t.equal(await nobody.ready(200), false);
  });

  t.test('a call to nobody is UNAVAILABLE', async (t) => {
    // Nothing takes this port by chance.
    const transport = subject.open({ target: '127.0.0.1:1' });
    t.teardown(() => transport.close());
    const call = transport.open('/test.Conn/X', { metadata: [], signal: neverAborted() });
    t.equal(await call.read(), undefined);
    t.match(await call.status, { code: 14 });
  });

  t.test('a peer that accepts and never speaks is UNAVAILABLE after the connect timeout', async (t) => {
    const sockets = new Set<Socket>();
    const mute = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
    });
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    t.teardown(() => {
      for (const socket of sockets) socket.destroy();
      mute.close();
    });
    const target = `127.0.0.1:${(mute.address() as AddressInfo).port}`;
    const transport = subject.open({ target, connectTimeoutMs: 1_000 });
    t.teardown(() => transport.close());
    const call = transport.open('/test.Conn/X', { metadata: [], signal: neverAborted() });
    const sooner = transport.open('/test.Conn/X', {
      metadata: [],
      signal: neverAborted(),
      deadline: Date.now() + 100,
    });
    const abort = new AbortController();
    const aborted = transport.open('/test.Conn/X', { metadata: [], signal: abort.signal });
    const writing = aborted.write([Buffer.from('x')]);
    abort.abort();
    t.match(await aborted.status, { code: 1 }, 'a cancel comes before');
    await writing;
    t.match(await sooner.status, { code: 4 }, 'a deadline comes before');
    t.match(await call.status, { code: 14 });
    t.equal(await transport.ready(200), false);
  });

  t.test(
    'a lost connection ends its calls with UNAVAILABLE, and the next call finds a new one',
    async (t) => {
      const service = await openScriptedUpstream({ '/test.Conn/Echo': [{ echo: true }] });
      t.teardown(() => service.close());
      const proxy = await openProxy(service.target);
      t.teardown(() => proxy.close());
      const transport = subject.open({ target: proxy.target });
      t.teardown(() => transport.close());
      const call = transport.open('/test.Conn/Echo', { metadata: [], signal: neverAborted() });
      await call.write([Buffer.from('1')]);
      await call.read();
      proxy.cut();
      t.equal(await call.read(), undefined);
      t.match(await call.status, { code: 14 });
      t.equal(await transport.ready(5_000), true);
      const next = transport.open('/test.Conn/Echo', { metadata: [], signal: neverAborted() });
      await next.write([Buffer.from('2')]);
      next.halfClose();
      t.equal((await readToEnd(next)).messages.length, 1);
    },
  );

  t.test('a peer that vanishes is noticed by keepalive', async (t) => {
    const service = await openScriptedUpstream({ '/test.Conn/Silent': [{ headers: [] }, { wait: forever }] });
    t.teardown(() => service.close());
    const proxy = await openProxy(service.target);
    t.teardown(() => proxy.close());
    const transport = subject.open({ target: proxy.target, keepaliveTimeMs: 100, keepaliveTimeoutMs: 200 });
    t.teardown(() => transport.close());
    const call = transport.open('/test.Conn/Silent', { metadata: [], signal: neverAborted() });
    await call.headers;
    proxy.freeze();
    t.equal(await call.read(), undefined);
    t.match(await call.status, { code: 14 });
  });

  t.test(
    'a further connection opens when one is full, and the limit of all is RESOURCE_EXHAUSTED',
    async (t) => {
      const service = await openScriptedUpstream({ '/test.Conn/Echo': [{ echo: true }] });
      t.teardown(() => service.close());
      const proxy = await openProxy(service.target);
      t.teardown(() => proxy.close());
      const transport = subject.open({ target: proxy.target, maxConnections: 2, streamsPerConnection: 3 });
      t.teardown(() => transport.close());
      const calls = Array.from({ length: 6 }, () =>
        transport.open('/test.Conn/Echo', { metadata: [], signal: neverAborted() }),
      );
      for (const call of calls) {
        await call.write([Buffer.from('x')]);
        t.ok(await call.read());
      }
      t.equal(proxy.connections, 2);
      const seventh = transport.open('/test.Conn/Echo', { metadata: [], signal: neverAborted() });
      t.match(await seventh.status, { code: 8 });
      calls[0]?.cancel();
      await calls[0]?.status;
      const eighth = transport.open('/test.Conn/Echo', { metadata: [], signal: neverAborted() });
      await eighth.write([Buffer.from('x')]);
      t.ok(await eighth.read(), 'there is room again');
      t.equal(proxy.connections, 2);
    },
  );

  t.test("a call beyond the peer's stream limit goes elsewhere, or waits unseen", async (t) => {
    const peer = await openPeer((stream) => stream.respond(grpcHeaders), {
      settings: { maxConcurrentStreams: 2 },
    });
    t.teardown(() => peer.close());
    const transport = subject.open({ target: peer.target });
    t.teardown(() => transport.close());
    const calls = Array.from({ length: 3 }, () =>
      transport.open('/test.Conn/Stay', { metadata: [], signal: neverAborted() }),
    );
    let answered = 0;
    for (const call of calls) {
      void call.headers.then((headers) => {
        if (headers !== undefined) answered++;
      });
    }
    const wanted = subject.limits.isBlindToStreamLimit ? 2 : 3;
    await until(() => answered >= wanted);
    t.equal(await untilQuiet(() => answered), wanted);
    t.equal(peer.sessions.length, subject.limits.isBlindToStreamLimit ? 1 : 2);
  });

  t.test('several addresses share the calls', async (t) => {
    const services = await Promise.all(
      [0, 1, 2].map(() => openScriptedUpstream({ '/test.Conn/Ok': [{ in: 'end' }] })),
    );
    t.teardown(() => services.map((service) => service.close()));
    const target = `ipv4:${services.map((service) => service.target).join(',')}`;
    const transport = subject.open({ target });
    t.teardown(() => transport.close());
    t.equal(await transport.ready(5_000), true);
    // Connections to the others may still be on their way: ask until each has been seen.
    for (let n = 0; n < 2_000 && services.some((one) => one.calls('/test.Conn/Ok').length === 0); n++) {
      const call = transport.open('/test.Conn/Ok', { metadata: [], signal: neverAborted() });
      call.halfClose();
      await readToEnd(call);
      t.match(await call.status, { code: 0 });
    }
    t.ok(services.every((service) => service.calls('/test.Conn/Ok').length > 0));
  });

  t.test('close leaves no socket behind', async (t) => {
    const service = await openScriptedUpstream({ '/test.Conn/Silent': [{ headers: [] }, { wait: forever }] });
    t.teardown(() => service.close());
    const proxy = await openProxy(service.target);
    t.teardown(() => proxy.close());
    const ours: Socket[] = [];
    const onSocket = (message: unknown) => void ours.push((message as { socket: Socket }).socket);
    subscribe('net.client.socket', onSocket);
    t.teardown(() => unsubscribe('net.client.socket', onSocket));
    const transport = subject.open({ target: proxy.target });
    const call = transport.open('/test.Conn/Silent', { metadata: [], signal: neverAborted() });
    await call.headers;
    const port = Number(proxy.target.split(':')[1]);
    const socket = ours.find(({ remotePort }) => remotePort === port);
    await transport.close();
    t.match(await call.status, { code: 1 });
    // The far end hears of it when it reads again.
    if (!subject.limits.closesSocketsLater) t.equal(socket?.closed, true);
    await proxy.empty();
  });
}
