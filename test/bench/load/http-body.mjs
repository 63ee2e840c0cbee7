// The receiving half of HTTP/1.1 on a raw socket, with as little work as can be: the load shares its processor
// with the upstream, and must not be what is measured.

const LF = 10;

/**
 * Reads one response. `onHead(status, head)` once, `onBody(buffer, start, end)` for each part of the body with the
 * chunk sizes taken out, `onEnd()` at its end. Returns `push(buffer)`.
 */
export function createResponseReader({ onHead, onBody, onEnd }) {
  let head = '';
  let inBody = false;
  let chunked = false;
  /** Bytes of the body, or of the current chunk, still to come. */
  let left = 0;
  /** Within chunked: 'size', 'data', 'gap' (the line end behind the data) or 'tail' (the one behind the last chunk). */
  let state = 'size';
  let size = '';

  /** Returns where the next response begins, or -1 when the buffer is used up. */
  function body(buffer, from) {
    let at = from;
    while (at < buffer.length) {
      if (!chunked || state === 'data') {
        const end = Math.min(buffer.length, at + left);
        onBody(buffer, at, end);
        left -= end - at;
        at = end;
        if (left > 0) continue;
        if (!chunked) return finish(at);
        state = 'gap';
      } else if (state === 'gap' || state === 'tail') {
        const lineEnd = buffer[at] === LF;
        at += 1;
        if (lineEnd && state === 'tail') return finish(at);
        if (lineEnd) state = 'size';
      } else {
        const end = buffer.indexOf(LF, at);
        size += buffer.latin1Slice(at, end < 0 ? buffer.length : end);
        if (end < 0) return -1;
        at = end + 1;
        left = Number.parseInt(size, 16);
        const ended = left === 0 && size.trim() !== '';
        size = '';
        state = 'data';
        // Behind the last chunk comes one empty line; none of the gateways here sends trailers.
        if (ended) state = 'tail';
      }
    }
    return -1;
  }

  function finish(at) {
    inBody = false;
    state = 'size';
    onEnd();
    return at;
  }

  return (buffer) => {
    let at = 0;
    while (at >= 0 && at < buffer.length) {
      if (!inBody) {
        const before = head.length;
        head += buffer.latin1Slice(at);
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        const text = head.slice(0, end);
        at += end + 4 - before;
        head = '';
        inBody = true;
        chunked = /\r\ntransfer-encoding: *chunked/i.test(text);
        const length = /\r\ncontent-length: *(\d+)/i.exec(text);
        left = chunked ? 0 : length === null ? Number.POSITIVE_INFINITY : Number(length[1]);
        onHead(Number(text.slice(9, 12)), text);
        if (!chunked && left === 0) at = finish(at);
        if (at >= buffer.length) return;
      }
      at = body(buffer, at);
    }
  };
}
