import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { pino } from 'pino';
import type { Test } from 'tap';
import { type GatewayOptions, openGateway } from '../../../gateway/index.js';
import { UNHURRIED } from '../../support/foreign.js';
import { closeInTeardown } from '../../support/given-back.js';
import type { CaseSchema } from './case-schema.js';
import type { ConformanceCase } from './case-types.js';
import { countsOf, failuresOf, readExceptions, runCases } from './run-cases.js';

/** What is known to fail. */
export const EXCEPTIONS = readExceptions(
  readFileSync(new URL('known-exceptions.txt', import.meta.url), 'utf8'),
);

/** A gateway with its defaults in front of a service of the cases: its URL. The test's teardown closes it. */
export async function openJudgedGateway(
  t: Test,
  upstream: string,
  types: CaseSchema,
  options: Partial<GatewayOptions> = {},
): Promise<string> {
  const gateway = await openGateway({
    upstream,
    listen: '127.0.0.1:0',
    adminListen: '127.0.0.1:0',
    schema: types.schema,
    log: pino({ level: 'silent' }),
    graceMs: 1_000,
    ...options,
    limits: { ...UNHURRIED, ...options.limits },
  });
  closeInTeardown(t, gateway);
  return gateway.url;
}

/** Runs the cases, and prints the counts: all pass but those that the list of exceptions names, and those fail. */
export async function judge(
  t: Test,
  cases: readonly ConformanceCase[],
  url: string,
  types: CaseSchema,
  tls: ConnectionOptions = {},
): Promise<void> {
  const outcomes = await runCases(cases, url, types, tls);
  for (const line of countsOf(outcomes)) t.comment(line);
  const isKnown = ({ name }: ConformanceCase) => EXCEPTIONS.some((exception) => exception.matches(name));
  t.same(failuresOf(outcomes.filter(({ testCase }) => !isKnown(testCase))), []);
  const passed = outcomes.filter(({ testCase, faults }) => isKnown(testCase) && faults.length === 0);
  t.same(
    passed.map(({ testCase }) => testCase.name),
    [],
    'what is listed fails',
  );
}
