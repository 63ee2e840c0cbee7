/** Where calls are found that go on without their clients. */
export const CALLS_PATH = '/_sluice/calls/';

/** The last part of such a path; `undefined` for all others. */
export function locationOfPath(path: string): string | undefined {
  return path.startsWith(CALLS_PATH) ? path.slice(CALLS_PATH.length) : undefined;
}

/** The same of an address as clients keep it, which may have a host or a prefix before that path. */
export function locationInPath(address: string): string | undefined {
  const start = address.lastIndexOf(CALLS_PATH);
  return start < 0 ? undefined : address.slice(start + CALLS_PATH.length);
}
