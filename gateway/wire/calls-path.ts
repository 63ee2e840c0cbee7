/** Where calls are found that go on without their clients. */
export const CALLS_PATH = '/_sluice/calls/';

/** The last part of such a path; `undefined` for all others. */
export function locationOfPath(path: string): string | undefined {
  return path.startsWith(CALLS_PATH) ? path.slice(CALLS_PATH.length) : undefined;
}
