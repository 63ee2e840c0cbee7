/** So many detached calls are remembered. */
const MAX_CALLS = 20;
const KEY = 'sluice.detached.1';

/** A call that goes on without the page that began it. Who knows its location may read it, where the gateway knows nobody. */
export interface DetachedCall {
  /** "/pkg.Service/Method" */
  readonly path: string;
  /** As the gateway says it: PROTOCOL.md, section 22. */
  readonly location: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

/** The detached calls of this browser, kept in it: not what they were asked, and no headers. */
export interface DetachedCalls {
  /** The newest first. */
  readonly calls: readonly DetachedCall[];
  /** One that is known stays where it is. */
  add(call: DetachedCall): void;
  remove(location: string): void;
}

/** The part of the browser's storage that is used. It may refuse: then the calls are known as long as the page is open. */
export interface BrowserStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
}

export function createDetachedCalls(storage: BrowserStorage | undefined): DetachedCalls {
  let calls = read(storage);
  const write = (next: readonly DetachedCall[]) => {
    calls = next.slice(0, MAX_CALLS);
    try {
      storage?.setItem(KEY, JSON.stringify(calls));
    } catch {
      // Full, or forbidden.
    }
  };
  return {
    get calls() {
      return calls;
    },
    add(call) {
      if (!calls.some(({ location }) => location === call.location)) write([call, ...calls]);
    },
    remove: (location) => write(calls.filter((call) => call.location !== location)),
  };
}

/** What is not understood is left out: another version of the page may have written it. */
function read(storage: BrowserStorage | undefined): readonly DetachedCall[] {
  try {
    const found: unknown = JSON.parse(storage?.getItem(KEY) ?? '[]');
    return Array.isArray(found) ? found.filter(isDetachedCall).slice(0, MAX_CALLS) : [];
  } catch {
    return [];
  }
}

function isDetachedCall(value: unknown): value is DetachedCall {
  if (typeof value !== 'object' || value === null) return false;
  const { path, location, atMs } = value as Record<string, unknown>;
  return typeof path === 'string' && typeof location === 'string' && typeof atMs === 'number';
}
