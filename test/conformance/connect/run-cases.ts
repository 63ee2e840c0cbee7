import type { ConnectionOptions } from 'node:tls';
import type { CaseSchema } from './case-schema.js';
import type { ConformanceCase } from './case-types.js';
import { openHttpCalls } from './client/http-calls.js';
import { runCase } from './client/run-case.js';
import { faultsOf } from './compare.js';

/** So many calls at a time: the cases that wait for a timeout overlap, and a machine with two cores is not late with any. */
const AT_ONCE = 24;

/** Whether a case has to come to a good end within its timeout. These run alone: what others ask for meanwhile must not make one late. */
function isHurried({ request, expected }: ConformanceCase): boolean {
  return request.timeoutMs !== undefined && expected.error === undefined;
}

export interface CaseOutcome {
  readonly testCase: ConformanceCase;
  /** Nothing where the case has passed. */
  readonly faults: readonly string[];
}

/** A pattern of names with `*` for any text, and why what it matches fails. */
export interface KnownException {
  readonly pattern: string;
  readonly reason: string;
  matches(name: string): boolean;
}

/** Runs the cases against the server at a URL, and tells what became of each, in their order. */
export async function runCases(
  cases: readonly ConformanceCase[],
  url: string,
  types: CaseSchema,
  tls: ConnectionOptions = {},
): Promise<CaseOutcome[]> {
  const calls = openHttpCalls(url, tls);
  const outcomes = new Map<ConformanceCase, CaseOutcome>();
  const run = async (chosen: readonly ConformanceCase[], atOnce: number) => {
    const left = chosen.values();
    const work = async () => {
      for (const testCase of left) {
        const result = await runCase(testCase, calls, types);
        outcomes.set(testCase, { testCase, faults: faultsOf(testCase, result, types) });
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
  };
  try {
    await run(
      cases.filter((testCase) => !isHurried(testCase)),
      AT_ONCE,
    );
    await run(cases.filter(isHurried), 1);
  } finally {
    calls.close();
  }
  return cases.map((testCase) => outcomes.get(testCase) as CaseOutcome);
}

/** A list of exceptions: "pattern  # reason" on each line; a line that begins with # is for its readers. Throws for a line without a reason. */
export function readExceptions(text: string): KnownException[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => {
      const [pattern = '', reason = ''] = line.split(/\s+#\s*/, 2);
      if (reason === '') throw new TypeError(`${pattern} has no reason`);
      const expression = new RegExp(`^${pattern.split('*').map(escaped).join('.*')}$`);
      return { pattern, reason, matches: (name) => expression.test(name) };
    });
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}

/** The cases that have not passed, each with what is wrong: for a test that expects none. */
export function failuresOf(outcomes: readonly CaseOutcome[]): string[] {
  return outcomes
    .filter(({ faults }) => faults.length > 0)
    .map(({ testCase, faults }) => `${testCase.name}: ${faults.join('; ')}`);
}

/** How many cases there are, and how many passed, by protocol, HTTP version and codec: lines for a log. */
export function countsOf(outcomes: readonly CaseOutcome[]): string[] {
  const counts = new Map<string, { all: number; passed: number }>();
  for (const { testCase, faults } of outcomes) {
    const { protocol, version, codec, tls } = testCase;
    for (const key of ['all', `${protocol} ${version} ${codec}${tls ? ' TLS' : ''}`]) {
      const count = counts.get(key) ?? { all: 0, passed: 0 };
      count.all += 1;
      if (faults.length === 0) count.passed += 1;
      counts.set(key, count);
    }
  }
  return [...counts].map(([key, { all, passed }]) => `${key}: ${passed} of ${all} passed`);
}
