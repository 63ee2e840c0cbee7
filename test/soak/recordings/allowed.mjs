// What docs/bounds.md allows a gateway to hold for recordings and their readers.
const KIB = 1024;
const MIB = 1024 * KIB;

/** `--journal-bytes` of the rig. */
export const JOURNAL_BYTES = 4 * MIB;

/** One client that does not read a stream of small messages, and what a reader was handed last. */
const READER = (164 + 32) * KIB;
/** The text of the newest messages that all readers of a recording are sent, and the call that writes it: its window and objects. */
const RECORDING = (128 + 64 + 40) * KIB;
/** Room for young objects, code that is compiled for first calls, and garbage that has not been collected while streams move. */
const PROCESS = (32 + 60) * MIB;

/** With several gateways what is written and read is text for NATS as well, as garbage, and five times what one call writes at once waits for it. */
const SHARED = 48 * MIB;
const SHARED_RECORDING = 5 * 32 * KIB;

/** Bytes above a process that nobody has asked for anything. */
export function allowedBytes({ readers, recordings, isShared }) {
  const own = JOURNAL_BYTES + readers * READER + recordings * RECORDING + PROCESS;
  return isShared ? own + SHARED + recordings * SHARED_RECORDING : own;
}
