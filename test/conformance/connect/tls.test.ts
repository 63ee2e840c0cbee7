import t from 'tap';
import { createCertificate } from '../../support/certificate.js';
import { openCaseSchema } from './case-schema.js';
import { ALL_FEATURES, casesOf } from './cases.js';
import { openConformanceService } from './conformance-service.js';
import { judge, openJudgedGateway } from './judged-gateway.js';
import { readSuites } from './suites.js';

const types = await openCaseSchema();
const cases = casesOf(readSuites(types), ALL_FEATURES).filter(({ tls }) => tls);
const service = await openConformanceService(types);
t.teardown(() => service.close());

const authority = createCertificate('authority');
const signed = (name: string) => createCertificate(name, { certificate: authority, name: 'authority' });
const own = signed('localhost');
/** What a client trusts, and which name the certificate must have: the address has none. */
const trust = { ca: authority.cert, servername: 'localhost' };

t.test('the gateway passes the cases with TLS', async (t) => {
  const chosen = cases.filter(({ clientCertificate }) => !clientCertificate);
  t.equal(chosen.length, 1800);
  const url = await openJudgedGateway(t, service.address, types, { tls: own });
  t.match(url, /^https:/);
  await judge(t, chosen, url, types, trust);
});

t.test('the gateway passes the cases with certificates of clients', async (t) => {
  const chosen = cases.filter(({ clientCertificate }) => clientCertificate);
  t.equal(chosen.length, 20);
  const tls = { ...own, clientCa: authority.cert };
  const url = await openJudgedGateway(t, service.address, types, { tls });
  await judge(t, chosen, url, types, { ...trust, ...signed('client') });
});
