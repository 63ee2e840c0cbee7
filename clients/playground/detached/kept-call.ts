import type { CallPlace } from '../call/running-call.js';

/** The call that runs in this tab, for the visit after a reload. Headers and secrets are no part of it. */
export interface KeptCall extends CallPlace {
  /** "/pkg.Service/Method" */
  readonly path: string;
  /** As JSON on one line, without secrets. */
  readonly request: string;
  readonly detach: boolean;
  /** It had headers, which are not kept: a person has to write them again. */
  readonly hadHeaders: boolean;
  /** The same of secrets in the request. */
  readonly hadSecrets: boolean;
}

/** The part of a storage that is used. It may refuse: then nothing goes on after a reload. */
export interface TabStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** Keeps the running call of a tab, in `sessionStorage`. */
export interface CallKeeper {
  /** What ran when the page went; undefined where nothing did. */
  readonly found: KeptCall | undefined;
  begin(call: KeptCall): void;
  /** The page has shown the message with this cursor: what comes after it comes next. */
  moved(cursor: string): void;
  located(location: string): void;
  /** The call is over, or was left. What happens while the page goes is neither. */
  ended(): void;
}

const CALL = 'sluice.call.1';
/** Apart, because it is written with each message. */
const CURSOR = 'sluice.cursor.1';
const MAX_REQUEST_LENGTH = 100_000;

/** `isLeaving`: whether the page goes now. */
export function createCallKeeper(storage: TabStorage | undefined, isLeaving: () => boolean): CallKeeper {
  let kept: KeptCall | undefined;
  const attempt = (use: (storage: TabStorage) => void) => {
    try {
      if (storage !== undefined) use(storage);
    } catch {
      // Full, or forbidden.
    }
  };
  const write = () => attempt((to) => to.setItem(CALL, JSON.stringify(kept)));
  return {
    found: read(storage),
    begin(call) {
      if (call.request.length > MAX_REQUEST_LENGTH) return;
      kept = call;
      write();
      attempt((to) => to.setItem(CURSOR, call.cursor));
    },
    moved(cursor) {
      if (kept !== undefined && cursor !== '') attempt((to) => to.setItem(CURSOR, cursor));
    },
    located(location) {
      if (kept === undefined) return;
      kept = { ...kept, location };
      write();
    },
    ended() {
      if (isLeaving()) return;
      kept = undefined;
      attempt((to) => to.removeItem(CALL));
      attempt((to) => to.removeItem(CURSOR));
    },
  };
}

function read(storage: TabStorage | undefined): KeptCall | undefined {
  try {
    const found: unknown = JSON.parse(storage?.getItem(CALL) ?? 'null');
    if (typeof found !== 'object' || found === null) return undefined;
    const { path, request, location, key, detach, hadHeaders, hadSecrets } = found as Record<string, unknown>;
    const texts = [path, request, location, key];
    if (!texts.every((one) => typeof one === 'string') || typeof path !== 'string') return undefined;
    return {
      path,
      request: String(request),
      location: String(location),
      key: String(key),
      cursor: storage?.getItem(CURSOR) ?? '',
      detach: detach === true,
      hadHeaders: hadHeaders === true,
      hadSecrets: hadSecrets === true,
    };
  } catch {
    // Of another version of the page, or forbidden.
    return undefined;
  }
}
