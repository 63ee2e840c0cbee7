import { readFileSync } from 'node:fs';

const readme = readFileSync(new URL('../../../clients/browser/README.md', import.meta.url), 'utf8');

/** The examples of the client's README. The first one imports the client and creates one; the others follow it, each for itself. */
export function readmeExamples(): string[] {
  return [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code = '']) => code);
}

/** The rule of the method that an example says it needs. */
export const RULES = {
  methods: { 'streaming.StreamingService/ControlledStream': { recording: {} } },
} as const;

/** What each example after the first prints, in part. */
export const expected: readonly (readonly RegExp[])[] = [
  [/^901 /m, /^910 /m],
  [/"symbol":"AAPL"/],
  [/"fileId":"hello.txt"/, /"totalBytes":"5"/],
  [/^ann hi$/m],
  [/^1$/m, /^100$/m],
  [/^UNIMPLEMENTED from the (gateway|service or the network): /m],
  [/^901$/m, /^903$/m],
  [/^(running|ended) (~[\w-]{22}\.\d+)?$/m, /^1$/m, /^5$/m, /^CANCELLED$/m],
  [/"symbol":"MSFT"/],
  [/"symbol":"AAPL"/, /^100$/m, /"totalReadings":1\b/],
  [/"symbol":"AAPL"/],
];
