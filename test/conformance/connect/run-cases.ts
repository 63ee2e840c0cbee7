import type { ConnectionOptions } from 'node:tls';
import type { CaseSchema } from './case-schema.js';
import type { ConformanceCase } from './case-types.js';
import { openHttpCalls } from './client/http-calls.js';
import { runCase } from './client/run-case.js';
import { faultsOf } from './compare.js';

/** So many calls at a time: the cases that wait for a timeout overlap, and a machine with two cores is not late with any. */
const AT_ONCE = 24;

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
  const outcomes: CaseOutcome[] = [];
  let next = 0;
  const work = async () => {
    while (next < cases.length) {
      const at = next;
      next += 1;
      const testCase = cases[at] as ConformanceCase;
      const result = await runCase(testCase, calls, types);
      outcomes[at] = { testCase, faults: faultsOf(testCase, result, types) };
    }
  };
  try {
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  } finally {
    calls.close();
  }
  return outcomes;
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
