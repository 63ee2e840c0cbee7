/** So many calls are kept, and so long a request. */
export const MAX_PAST_CALLS = 50;
const MAX_REQUEST_LENGTH = 6_000;
const KEY = 'sluice.history.1';

/** A call that was made in this browser. Headers are no part of it: they may hold credentials. */
export interface PastCall {
  /** "/pkg.Service/Method" */
  readonly path: string;
  /** As JSON on one line, without secrets; "" for one that was too long. */
  readonly request: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
}

export interface CallHistory {
  /** The newest first. */
  readonly calls: readonly PastCall[];
  /** A call with the same request as one before takes its place. */
  add(call: PastCall): void;
  clear(): void;
}

/** The part of the browser's storage that is used. It may refuse: then the history lasts as long as the page. */
export interface HistoryStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export function createCallHistory(storage: HistoryStorage | undefined): CallHistory {
  let calls = read(storage);
  const write = () => {
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
    add({ path, request, atMs }) {
      const kept = request.length > MAX_REQUEST_LENGTH ? '' : request;
      const others = calls.filter((call) => call.path !== path || call.request !== kept);
      calls = [{ path, request: kept, atMs }, ...others].slice(0, MAX_PAST_CALLS);
      write();
    },
    clear() {
      calls = [];
      try {
        storage?.removeItem(KEY);
      } catch {
        // Forbidden: then there is nothing.
      }
    },
  };
}

/** What is not understood is left out: another version of the page may have written it. */
function read(storage: HistoryStorage | undefined): readonly PastCall[] {
  try {
    const found: unknown = JSON.parse(storage?.getItem(KEY) ?? '[]');
    if (!Array.isArray(found)) return [];
    return found.filter(isPastCall).slice(0, MAX_PAST_CALLS);
  } catch {
    return [];
  }
}

function isPastCall(value: unknown): value is PastCall {
  if (typeof value !== 'object' || value === null) return false;
  const { path, request, atMs } = value as Record<string, unknown>;
  return (
    typeof path === 'string' &&
    path.startsWith('/') &&
    typeof request === 'string' &&
    typeof atMs === 'number'
  );
}
