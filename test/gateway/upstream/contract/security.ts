import { ServerCredentials } from '@grpc/grpc-js';
import type { Test } from 'tap';
import { createCertificate } from '../../../support/certificate.js';
import { openScriptedUpstream } from '../../../support/scripted-upstream.js';
import { neverAborted, readToEnd, type Subject, texts } from './subject.js';

const authority = { certificate: createCertificate('sluice test authority'), name: 'sluice test authority' };
const service = createCertificate('service.test', authority);
const gateway = createCertificate('gateway.test', authority);
const ca = authority.certificate.cert;

/** TLS and mutual TLS. */
export function securityContract(t: Test, subject: Subject): void {
  async function openService(t: Test, asksForCertificate: boolean): Promise<string> {
    const credentials = ServerCredentials.createSsl(
      ca,
      [{ cert_chain: service.cert, private_key: service.key }],
      asksForCertificate,
    );
    const upstream = await openScriptedUpstream({ '/test.Tls/Echo': [{ echo: true }] }, credentials);
    t.teardown(() => upstream.close());
    return upstream.target;
  }
  async function echo(t: Test, options: Parameters<Subject['open']>[0]): Promise<string[] | number> {
    const transport = subject.open({ connectTimeoutMs: 15_000, ...options });
    t.teardown(() => transport.close());
    const call = transport.open('/test.Tls/Echo', { metadata: [], signal: neverAborted() });
    await call.write([Buffer.from('secret')]);
    call.halfClose();
    const { messages } = await readToEnd(call);
    const { code } = await call.status;
    return code === 0 ? texts(messages) : code;
  }

  t.test('TLS with an authority of its own and another name', async (t) => {
    const target = await openService(t, false);
    t.same(await echo(t, { target, tls: { ca, serverName: 'service.test' } }), ['secret']);
  });

  t.test('a service with the wrong name, an unknown authority or no TLS is UNAVAILABLE', async (t) => {
    const target = await openService(t, false);
    t.equal(await echo(t, { target, tls: { ca, serverName: 'other.test' } }), 14, 'wrong name');
    t.equal(await echo(t, { target, tls: { serverName: 'service.test' } }), 14, 'unknown authority');
    const plain = await openScriptedUpstream({});
    t.teardown(() => plain.close());
    t.equal(await echo(t, { target: plain.target, tls: { ca } }), 14, 'no TLS there');
    t.equal(await echo(t, { target }), 14, 'TLS there, not here');
  });

  t.test('mutual TLS needs our certificate', async (t) => {
    const target = await openService(t, true);
    const tls = { ca, serverName: 'service.test' };
    t.same(await echo(t, { target, tls: { ...tls, cert: gateway.cert, key: gateway.key } }), ['secret']);
    t.equal(await echo(t, { target, tls }), 14);
  });

  t.test('half a key pair is refused at start', async (t) => {
    t.throws(() => subject.open({ target: 'x:1', tls: { cert: gateway.cert } }), /tls\.cert and tls\.key/);
    t.throws(() => subject.open({ target: 'no port' }), /target/);
    t.throws(() => subject.open({ target: 'x:1', maxConnections: 0 }), /maxConnections/);
    t.throws(() => subject.open({ target: 'x:1', readAheadBytes: 1.5 }), /readAheadBytes/);
  });
}
