// What docs/bounds.md says, as numbers: the rows that `run.mjs` plays, and how much the gateway may hold for each client of them.

const KIB = 1024;
const MIB = 1024 * KIB;

/** The defaults that the table is about. */
const WINDOW_BYTES = 64 * KIB;
const WINDOW_BUDGET_BYTES = 64 * MIB;
const READ_AHEAD_BYTES = 256 * KIB;
const HIGH_WATER_BYTES = 64 * KIB;
const SESSION_HELD_BYTES = 16 * MIB;
const SLOW_READER_BYTES = 1 * MIB;
const SESSION_CALLS = 100;
/** What a message counts beside its bytes while it waits. */
const MESSAGE_BYTES = 96;
/** Objects of a call and its connection: sockets, streams, timers, metadata. */
const OBJECT_BYTES = 48 * KIB;

/** Objects and code of a gateway that has no client. */
const CODE_BYTES = 100 * MIB;
/** What the messages of all sessions hold that wait for services. */
const ALL_SESSIONS_HELD_BYTES = 256 * MIB;
/** An exchange without a call: its connection, its head, and its objects. */
const WAITING_BYTES = 32 * KIB;

/** What one read-ahead full of messages is: their count and their bytes. */
function readAhead(size) {
  const count = Math.ceil(READ_AHEAD_BYTES / (size + MESSAGE_BYTES));
  // The last may go over it.
  return { count, bytes: Math.max(READ_AHEAD_BYTES, count * (size + MESSAGE_BYTES)) };
}

/** A client that does not read. `around`: what the surface puts around the text of each message. */
function down(size, around) {
  const { count, bytes } = readAhead(size);
  const written = count * (size + around);
  return WINDOW_BYTES + 2 * bytes + Math.max(HIGH_WATER_BYTES, 2 * written) + OBJECT_BYTES;
}

/** The same in a session: what cannot be sent is kept as it came from the service. */
function sessionDown(size) {
  const { bytes } = readAhead(size);
  // What all calls have written to their socket together is little for each, unless one message is large.
  return WINDOW_BYTES + 2 * bytes + OBJECT_BYTES + (size > HIGH_WATER_BYTES ? size : 0);
}

/** A client that sends to a service that does not read. */
function up(size) {
  return 7 * 64 * KIB + 2 * (size > 64 * KIB ? size : 0) + OBJECT_BYTES;
}

const upload = () => 8 * 64 * KIB;

/** What a gateway needs whose clients and services do the worst that they may: "A pod" of docs/bounds.md. In bytes. */
export function podBytes({ places, exchanges, unfinishedBytes, messageBytes }) {
  const call = down(messageBytes, around.sse) + up(messageBytes);
  return (
    CODE_BYTES +
    WINDOW_BUDGET_BYTES +
    2 * unfinishedBytes +
    ALL_SESSIONS_HELD_BYTES +
    places * call +
    Math.max(0, exchanges - places) * WAITING_BYTES
  );
}

/** What the kernel counts as the pod's beside it: its sockets' buffers and page cache. A quarter more, and whole steps of 256 MiB. */
export const podLimitMiB = (podBytes) => Math.ceil((1.25 * podBytes) / (256 * MIB)) * 256;

/** Messages that are small, and as large as they may be: there the gateway's limit of 4 MiB is on the text as well. */
export const SMALL = 100;
export const LARGE = 4_000_000;

/** What a service sends that never has to wait, in one call: more than the kernel takes for a client. */
const POLICY_BYTES = 8 * MIB;

const around = {
  sse: 24,
  ndjson: 16,
  array: 16,
  'json-seq': 17,
  download: 0,
  'ws-text': 24,
  'ws-binary': 16,
};

/** Rows by name: the surface, the transport, and the bytes for each client and for all. */
export function rowsOf({ readers, largeReaders }) {
  const rows = [];
  for (const [name, size, count] of [
    ['small', SMALL, readers],
    ['large', LARGE, largeReaders],
  ]) {
    const add = (surface, each, all = 0, limitBytes = undefined) =>
      rows.push({
        name: `${surface}, ${name}`,
        surface,
        transport: 'http2',
        readers: count,
        messageBytes: size,
        each,
        all,
        limitBytes,
      });
    for (const [surface, bytes] of Object.entries(around))
      add(surface, down(size, bytes), WINDOW_BUDGET_BYTES);
    for (const surface of ['session-socket', 'session-credit'])
      add(surface, sessionDown(size), WINDOW_BUDGET_BYTES);
    add('disconnect', down(size, around.sse), WINDOW_BUDGET_BYTES);
    for (const surface of ['drop-oldest', 'conflate'])
      add(
        surface,
        down(size, around.sse) + Math.max(SLOW_READER_BYTES, size),
        WINDOW_BUDGET_BYTES,
        POLICY_BYTES + 4 * size,
      );
    for (const surface of ['ndjson-up', 'ws-text-up', 'ws-binary-up']) add(surface, up(size));
    if (size === SMALL) add('upload', upload());
    add('session-up', OBJECT_BYTES, Math.ceil(count / SESSION_CALLS) * (SESSION_HELD_BYTES + 2 * size));
  }
  return rows;
}
