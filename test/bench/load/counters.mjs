// Counting messages in a body without parsing them. Each makes `{ push(buffer, start, end), count() }`.

const LF = 10;
const ENVELOPE_HEAD = 5;

/** NDJSON: line ends. */
function lineCounter() {
  let count = 0;
  return {
    push(buffer, start, end) {
      for (let at = buffer.indexOf(LF, start); at >= 0 && at < end; at = buffer.indexOf(LF, at + 1))
        count += 1;
    },
    count: () => count,
  };
}

/** SSE: lines that begin with `d`, as in `data:`; comments, names, ids and empty lines do not count. */
function eventCounter() {
  const D = 'd'.charCodeAt(0);
  let count = 0;
  let first = -1;
  return {
    push(buffer, start, end) {
      let at = start;
      while (at < end) {
        if (first < 0) first = buffer[at];
        const lineEnd = buffer.indexOf(LF, at);
        if (lineEnd < 0 || lineEnd >= end) return;
        if (first === D) count += 1;
        first = -1;
        at = lineEnd + 1;
      }
    },
    count: () => count,
  };
}

/** Connect's streams: one byte of flags, four of length, the message. */
function envelopeCounter() {
  let count = 0;
  let skip = 0;
  let head = Buffer.alloc(0);
  return {
    push(buffer, start, end) {
      let at = start;
      while (at < end) {
        if (skip > 0) {
          const step = Math.min(skip, end - at);
          skip -= step;
          at += step;
        } else if (head.length === 0 && end - at >= ENVELOPE_HEAD) {
          skip = buffer.readUInt32BE(at + 1);
          at += ENVELOPE_HEAD;
          count += 1;
        } else {
          const part = buffer.subarray(at, Math.min(end, at + ENVELOPE_HEAD - head.length));
          head = Buffer.concat([head, part]);
          at += part.length;
          if (head.length < ENVELOPE_HEAD) return;
          skip = head.readUInt32BE(1);
          head = Buffer.alloc(0);
          count += 1;
        }
      }
    },
    count: () => count,
  };
}

function byteCounter() {
  let count = 0;
  return {
    push(_buffer, start, end) {
      count += end - start;
    },
    count: () => count,
  };
}

/** By the name a row uses. */
export const counters = {
  ndjson: lineCounter,
  sse: eventCounter,
  envelope: envelopeCounter,
  bytes: byteCounter,
};
