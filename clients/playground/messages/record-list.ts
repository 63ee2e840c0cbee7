import { type CallRecord, MAX_RECORDS, type MessageStore } from '../call/message-store.js';

/** The records of a call that a view shows: newest first, those that hold the words of a filter, and still while it is frozen. */
export interface RecordList {
  readonly length: number;
  /** 0 is the newest. */
  at(index: number): CallRecord | undefined;
  /** How many have come since the list was frozen. */
  readonly newer: number;
  readonly isFrozen: boolean;
  add(record: CallRecord): void;
  setFilter(text: string): void;
  freeze(): void;
  follow(): void;
  clear(): void;
}

/** `takes`: what belongs into this view at all. */
export function createRecordList(store: MessageStore, takes: (record: CallRecord) => boolean): RecordList {
  /** Oldest first; those before `first` have gone. */
  let list: CallRecord[] = [];
  let first = 0;
  let frozen: readonly CallRecord[] | undefined;
  let newer = 0;
  let words: readonly string[] = [];

  const matches = (record: CallRecord) => {
    if (!takes(record)) return false;
    if (words.length === 0) return true;
    const text = record.text.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  const trim = () => {
    const oldest = store.oldestNumber;
    while (first < list.length && (list[first]?.number ?? 0) < oldest) first += 1;
    // Now and then, so that it costs nothing for each message.
    if (first < MAX_RECORDS) return;
    list = list.slice(first);
    first = 0;
  };
  const read = () => {
    list = [];
    first = 0;
    for (let index = 0; index < store.length; index += 1) {
      const record = store.at(index);
      if (record !== undefined && matches(record)) list.push(record);
    }
  };
  return {
    get length() {
      return frozen?.length ?? list.length - first;
    },
    at: (index) => (frozen === undefined ? list.at(-1 - index) : frozen.at(-1 - index)),
    get newer() {
      return newer;
    },
    get isFrozen() {
      return frozen !== undefined;
    },
    add(record) {
      if (!matches(record)) return;
      list.push(record);
      trim();
      if (frozen !== undefined) newer += 1;
    },
    setFilter(text) {
      words = text.toLowerCase().split(/\s+/).filter(Boolean);
      frozen = frozen?.filter(matches);
      read();
    },
    freeze() {
      frozen ??= list.slice(first);
      newer = 0;
    },
    follow() {
      frozen = undefined;
      newer = 0;
    },
    clear() {
      list = [];
      first = 0;
      frozen = undefined;
      newer = 0;
    },
  };
}
