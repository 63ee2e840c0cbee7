// What docs/bounds.md says, as numbers: the rows that `run.mjs` plays, and how much the gateway may hold for each client of them.

const KIB = 1024;
const MIB = 1024 * KIB;

/** The defaults that the table is about: a test compares them with those of the code. */
export const BOUNDS = {
  windowBudgetBytes: 64 * MIB,
  readAheadBytes: 32 * KIB,
  highWaterBytes: 4 * KIB,
  /** Encoded at once, and the same while more waits than `crowdBytes`. */
  textBytes: 32 * KIB,
  crowdedTextBytes: 7.5 * KIB,
  crowdBytes: 16 * MIB,
  /** The same of what waits in ordinary memory: nothing is read ahead from then on. */
  ordinaryBytes: 6 * MIB,
  /** What one connection to a service has written and its kernel has not taken. */
  writtenBytes: 1 * MIB,
  sessionHeldBytes: 16 * MIB,
  slowReaderBytes: 1 * MIB,
};
const SESSION_CALLS = 100;
/** What lies around waiting bytes: the rest of their last piece of 16 KiB, and of the last page of each of the others. */
const SLACK_BYTES = 24 * KIB;
/** Objects of a call and its connection: sockets, streams, timers, metadata. */
const OBJECT_BYTES = 40 * KIB;

/** Objects and code of a gateway that has no client. */
const CODE_BYTES = 100 * MIB;
/** What the messages of all sessions hold that wait for services. */
const ALL_SESSIONS_HELD_BYTES = 256 * MIB;
/** An exchange without a call: its connection, its head, and its objects. */
const WAITING_BYTES = 32 * KIB;
/** What the first calls of a process cost once: code that is compiled for them, and the room in which V8 makes young objects. */
const WARM_BYTES = 32 * MIB;

/** What a client that reads nothing may make a crowd hold for each: 1,000 of them, and what the process needs once, are less than 128 MiB. */
const CROWD_READER_BYTES = 96 * KIB;

/** The window of a call that has moved, of which few have one; the others have half of it. */
const WINDOW_BYTES = 2 * BOUNDS.readAheadBytes;

const isLarge = (size) => size > WINDOW_BYTES;

/** The most that one client holds that does not read. `around`: what the surface puts around the text of each message. */
export function down(size, around) {
  const { highWaterBytes, textBytes } = BOUNDS;
  const text = isLarge(size) ? size + around : highWaterBytes + textBytes;
  return WINDOW_BYTES + (isLarge(size) ? size : 0) + text + SLACK_BYTES + OBJECT_BYTES;
}

/** The same in a session: what cannot be sent is kept as it came from the service. */
export function sessionDown(size) {
  // What all calls have written to their socket together is little for each, unless one message is large.
  return WINDOW_BYTES + SLACK_BYTES + OBJECT_BYTES + (isLarge(size) ? 2 * size : 0);
}

/** What each of many clients may hold on average: less than the most that one can. */
const crowd = (bytes, size) => (isLarge(size) ? bytes : Math.min(bytes, CROWD_READER_BYTES));

/** A client that sends to a service that does not read. */
export function up(size) {
  return 7 * 64 * KIB + 2 * (isLarge(size) ? size : 0) + OBJECT_BYTES;
}

/** The same, of a body in pieces of 64 KiB. */
export const upload = () => 8 * 64 * KIB;

/** What a gateway needs whose clients and services do the worst that they may: "A pod" of docs/bounds.md. In bytes. */
export function podBytes({ connections, places, exchanges, unfinishedBytes, messageBytes }) {
  const call = down(messageBytes, around.sse) + Math.max(up(messageBytes), upload());
  return (
    CODE_BYTES +
    BOUNDS.windowBudgetBytes +
    2 * unfinishedBytes +
    ALL_SESSIONS_HELD_BYTES +
    BOUNDS.ordinaryBytes +
    connections * BOUNDS.writtenBytes +
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
  'connect-json': 20,
  'connect-binary': 9,
  'sse-http2': 24,
  'ndjson-http2': 16,
  grpc: 0,
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
        all: WARM_BYTES + all,
        limitBytes,
      });
    for (const [surface, bytes] of Object.entries(around)) add(surface, crowd(down(size, bytes), size));
    for (const surface of ['session-socket', 'session-credit']) add(surface, crowd(sessionDown(size), size));
    add('disconnect', crowd(down(size, around.sse), size));
    for (const surface of ['drop-oldest', 'conflate'])
      add(
        surface,
        down(size, around.sse) + Math.max(BOUNDS.slowReaderBytes, size),
        0,
        POLICY_BYTES + 4 * size,
      );
    for (const surface of ['ndjson-up', 'connect-up', 'grpc-up', 'ws-text-up', 'ws-binary-up'])
      add(surface, up(size));
    if (size === SMALL) add('upload', upload());
    add('session-up', OBJECT_BYTES, Math.ceil(count / SESSION_CALLS) * (BOUNDS.sessionHeldBytes + 2 * size));
  }
  return rows;
}
