import t from 'tap';
import { openCaseSchema } from './case-schema.js';
import { ALL_FEATURES, casesOf } from './cases.js';
import { openConformanceService } from './conformance-service.js';
import { EXCEPTIONS, judge, openJudgedGateway } from './judged-gateway.js';
import { MESSAGE_LIMIT, readSuites } from './suites.js';

const types = await openCaseSchema();
const cases = casesOf(readSuites(types), ALL_FEATURES);
const plain = cases.filter(({ tls }) => !tls);

t.test('each exception names a case', async (t) => {
  for (const { pattern, matches } of EXCEPTIONS)
    t.ok(
      cases.some(({ name }) => matches(name)),
      pattern,
    );
  t.equal(new Set(EXCEPTIONS.map(({ pattern }) => pattern)).size, EXCEPTIONS.length);
});

t.test('the gateway passes the cases in plain text', async (t) => {
  const service = await openConformanceService(types);
  t.teardown(() => service.close());
  t.equal(plain.length, 1800, 'the 1,710 of the official runner, and half duplex on HTTP/1.1');
  await judge(t, plain, await openJudgedGateway(t, service.address, types), types);
});

t.test('a gateway with the limit refuses the messages beyond it by itself', async (t) => {
  const boundless = await openConformanceService(types, -1);
  t.teardown(() => boundless.close());
  const beyond = plain.filter(({ name }) => name.includes('exceeds-server-limit'));
  t.equal(beyond.length, 66);
  const limits = { maxMessageBytes: MESSAGE_LIMIT };
  await judge(t, beyond, await openJudgedGateway(t, boundless.address, types, { limits }), types);
});
