/** Where a stream has come to, kept for the next visit of the page. */
export interface KeptPlace {
  /** The cursor of the last message that the page is done with; "~end" after the end of the stream; empty before. */
  readonly cursor: string;
  /** Where the call is found; empty for one that is not detached. */
  readonly location: string;
  /** Keeps what is given, and what was kept of the other. */
  keep(place: { readonly cursor?: string; readonly location?: string }): void;
  forget(): void;
}

/** The part of the WHATWG interface of a storage that is used here. */
interface StorageLike {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** Wraps the messages of a stream: what the page is done with is kept. `cursor`: that of the last message that was taken. */
export function keepingPlace<Message>(
  place: KeptPlace,
  messages: AsyncIterableIterator<Message>,
  cursor: () => string,
): AsyncIterableIterator<Message> {
  let left = false;
  return {
    async next() {
      // Who asks for the next message is done with those before it.
      if (!left) place.keep({ cursor: cursor() });
      const result = await messages.next();
      if (result.done && !left) place.keep({ cursor: '~end' });
      return result;
    },
    async return() {
      if (!left) place.keep({ cursor: cursor() });
      left = true;
      await messages.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/**
 * The place of one stream in `sessionStorage`, under "sluice:" and its name: it is there after a reload of the same tab, and goes with it. `what` says which
 * stream: the place of another one is none. Where there is no storage, or it is full or blocked, nothing is kept, and nothing fails.
 */
export function openKeptPlace(name: string, what: string): KeptPlace {
  const key = `sluice:${name}`;
  const hash = hashOf(what);
  let [of, cursor = '', location = ''] = read(key);
  if (of !== hash) [cursor, location] = ['', ''];
  return {
    get cursor() {
      return cursor;
    },
    get location() {
      return location;
    },
    keep(place) {
      const next = { cursor, location, ...place };
      if (next.cursor === cursor && next.location === location) return;
      ({ cursor, location } = next);
      attempt((storage) => storage.setItem(key, JSON.stringify([hash, cursor, location])));
    },
    forget: () => attempt((storage) => storage.removeItem(key)),
  };
}

/** The storage of pages: there is none in Node, and where a page may not use it, asking for it throws already. */
function attempt<Value>(use: (storage: StorageLike) => Value): Value | undefined {
  try {
    return use((globalThis as unknown as { sessionStorage: StorageLike }).sessionStorage);
  } catch {
    return undefined;
  }
}

/** What was kept; nothing where somebody else has written there. */
function read(key: string): readonly string[] {
  return attempt((storage) => (JSON.parse(storage.getItem(key) ?? '[]') as unknown[]).map(String)) ?? [];
}

/** FNV-1a of 32 bits: enough to tell one stream of a tab from another, and says nothing of the request. */
function hashOf(text: string): string {
  let hash = 2_166_136_261;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 16_777_619);
  return String(hash);
}
