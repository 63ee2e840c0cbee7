/** A message of a call, or what happened beside them. */
export interface CallRecord {
  /** Of everything of this call, from 1. */
  readonly number: number;
  readonly direction: 'received' | 'sent' | 'note';
  /** Of its direction, from 1. */
  readonly nth: number;
  /** Milliseconds since the call began. */
  readonly atMs: number;
  /** The message; undefined for a note, and for a message that is too long to be kept as more than text. */
  readonly value: unknown;
  /** As JSON on one line; cut, if it is very long. */
  readonly text: string;
}

/** So many records are kept: what a person can scroll through, a second of a fast stream. */
export const MAX_RECORDS = 2_000;
/** The bound of their texts together, in UTF-16 code units. */
export const MAX_STORED_LENGTH = 4 * 1024 * 1024;
/** A text that is longer is cut, and its message is not kept. */
export const MAX_RECORD_LENGTH = 256 * 1024;

/** The newest records of one call, within bounds. */
export interface MessageStore {
  readonly length: number;
  /** The oldest that is kept is 0. */
  at(index: number): CallRecord | undefined;
  readonly received: number;
  readonly sent: number;
  /** The number of the oldest record that is kept. */
  readonly oldestNumber: number;
  add(direction: CallRecord['direction'], value: unknown, atMs: number): CallRecord;
  clear(): void;
}

export function createMessageStore(): MessageStore {
  // A ring: taking from the front of an array of 2,000 costs more than a message.
  const kept: (CallRecord | undefined)[] = [];
  let first = 0;
  let length = 0;
  let totalLength = 0;
  let last = 0;
  const counts = { received: 0, sent: 0, note: 0 };

  const dropOldest = () => {
    const oldest = kept[first];
    kept[first] = undefined;
    totalLength -= oldest?.text.length ?? 0;
    first = (first + 1) % MAX_RECORDS;
    length -= 1;
  };
  return {
    get length() {
      return length;
    },
    get received() {
      return counts.received;
    },
    get sent() {
      return counts.sent;
    },
    get oldestNumber() {
      return last - length + 1;
    },
    at: (index) => (index < 0 || index >= length ? undefined : kept[(first + index) % MAX_RECORDS]),
    add(direction, value, atMs) {
      last += 1;
      counts[direction] += 1;
      const whole = direction === 'note' ? String(value) : (JSON.stringify(value) ?? 'null');
      const isLong = whole.length > MAX_RECORD_LENGTH;
      const record: CallRecord = {
        number: last,
        direction,
        nth: counts[direction],
        atMs,
        value: isLong || direction === 'note' ? undefined : value,
        text: isLong ? `${whole.slice(0, MAX_RECORD_LENGTH)}… (${whole.length} characters)` : whole,
      };
      totalLength += record.text.length;
      if (length === MAX_RECORDS) dropOldest();
      kept[(first + length) % MAX_RECORDS] = record;
      length += 1;
      while (totalLength > MAX_STORED_LENGTH && length > 1) dropOldest();
      return record;
    },
    clear() {
      kept.length = 0;
      first = 0;
      length = 0;
      totalLength = 0;
      last = 0;
      counts.received = 0;
      counts.sent = 0;
      counts.note = 0;
    },
  };
}
