import { pino } from 'pino';
import t, { type Test } from 'tap';
import { type GatewayOptions, openGateway } from '../../../gateway/index.js';
import { openCaseSchema } from './case-schema.js';
import type { ConformanceCase } from './case-types.js';
import { ALL_FEATURES, casesOf } from './cases.js';
import { openConformanceService } from './conformance-service.js';
import { countsOf, failuresOf, readExceptions, runCases } from './run-cases.js';
import { MESSAGE_LIMIT, readSuites } from './suites.js';

const types = await openCaseSchema();
const cases = casesOf(readSuites(types), {
  ...ALL_FEATURES,
  protocols: ['PROTOCOL_CONNECT', 'PROTOCOL_GRPC_WEB'],
  supportsTls: false,
  supportsTlsClientCerts: false,
});
const exceptions = readExceptions(new URL('known-exceptions.txt', import.meta.url));
const service = await openConformanceService(types);
t.teardown(() => service.close());

/** A gateway in front of the service of the cases, with its defaults. */
async function gatewayUrl(t: Test, options: Partial<GatewayOptions> = {}): Promise<string> {
  const gateway = await openGateway({
    upstream: service.address,
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    schema: types.schema,
    log: pino({ level: 'silent' }),
    graceMs: 1_000,
    ...options,
  });
  t.teardown(() => gateway.close());
  return gateway.url;
}

/** Runs the cases: all pass but those that the list names, and those fail. */
async function judge(t: Test, chosen: readonly ConformanceCase[], url: string): Promise<void> {
  const outcomes = await runCases(chosen, url, types);
  for (const line of countsOf(outcomes)) t.comment(line);
  const isKnown = ({ name }: ConformanceCase) => exceptions.some((exception) => exception.matches(name));
  t.same(failuresOf(outcomes.filter(({ testCase }) => !isKnown(testCase))), []);
  const passed = outcomes.filter(({ testCase, faults }) => isKnown(testCase) && faults.length === 0);
  t.same(
    passed.map(({ testCase }) => testCase.name),
    [],
    'what is listed fails',
  );
}

t.test('each exception names a case', async (t) => {
  for (const { pattern, matches } of exceptions)
    t.ok(
      cases.some(({ name }) => matches(name)),
      pattern,
    );
});

t.test('the gateway passes the cases in plain text', async (t) => {
  const plain = cases.filter(({ tls }) => !tls);
  t.equal(plain.length, 1456);
  await judge(t, plain, await gatewayUrl(t));
});

t.test('a gateway with the limit refuses the messages beyond it by itself', async (t) => {
  const boundless = await openConformanceService(types, -1);
  t.teardown(() => boundless.close());
  const beyond = cases.filter(({ tls, name }) => !tls && name.includes('exceeds-server-limit'));
  t.equal(beyond.length, 52);
  const limits = { maxMessageBytes: MESSAGE_LIMIT };
  await judge(t, beyond, await gatewayUrl(t, { upstream: boundless.address, limits }));
});
