// A gRPC server that is cheap enough never to be what is measured: HTTP/2 frames written by hand on a socket,
// as RFC 9113 has them. It answers one method a process, so it has no need to read the request's headers.
// Flow control is kept in both directions.
import net from 'node:net';

const FRAME = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, goAway: 7, windowUpdate: 8 };
const END_STREAM = 1;
const END_HEADERS = 4;
const PADDED = 8;
const ACK = 1;
const PREFACE_BYTES = 24;
const HEADER_BYTES = 9;
const SETTINGS_INITIAL_WINDOW = 4;
const DEFAULT_WINDOW = 65_535;
/** What a client may send ahead of us on a stream: large, so that we are not what slows an upload. */
const RECEIVE_WINDOW = 1024 * 1024;
/** Payload in one go and stream: about what a server with a 64 KiB write buffer sends. */
const TURN_BYTES = 64 * 1024;
/** The default of HTTP/2, which grpc-go and grpc-js keep as well. */
export const MAX_FRAME_BYTES = 16_384;

/** A frame's header, in a buffer with room for `more` bytes behind it. */
export function frameHeader(length, type, flags, id, more = 0) {
  const header = Buffer.allocUnsafe(HEADER_BYTES + more);
  header.writeUIntBE(length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(id, 5);
  return header;
}

function frame(type, flags, id, payload) {
  const whole = frameHeader(payload.length, type, flags, id, payload.length);
  payload.copy(whole, HEADER_BYTES);
  return whole;
}

/** HPACK without Huffman and without the table: a literal field, never indexed (RFC 7541, 6.2.2). */
function field(name, value) {
  const bytes = (text) => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);
  return Buffer.concat([Buffer.from([0]), bytes(name), bytes(value)]);
}

const OK = Buffer.from([0x88]);
const RESPONSE_HEAD = Buffer.concat([OK, field('content-type', 'application/grpc')]);
const TRAILERS_OK = field('grpc-status', '0');

function settings(id, value) {
  const payload = Buffer.allocUnsafe(6);
  payload.writeUInt16BE(id, 0);
  payload.writeUInt32BE(value, 2);
  return frame(FRAME.settings, 0, 0, payload);
}

function windowUpdate(id, bytes) {
  const whole = frameHeader(4, FRAME.windowUpdate, 0, id, 4);
  whole.writeUInt32BE(bytes, HEADER_BYTES);
  return whole;
}

/**
 * One connection. `openReply()` makes the answer of a new stream:
 *   receive(payload)   request bytes as they come, gRPC's message heads included
 *   halfClose()        the request is whole
 *   take(budget, id)   `{ buffers, payloadBytes }`: DATA frames of at most `budget` bytes of payload, or undefined
 *   finished           nothing more will come; the trailers may go
 */
class Connection {
  #socket;
  #openReply;
  #streams = new Map();
  #left = Buffer.alloc(0);
  #greeted = false;
  #window = DEFAULT_WINDOW;
  #initialWindow = DEFAULT_WINDOW;

  constructor(socket, openReply) {
    this.#socket = socket;
    this.#openReply = openReply;
    socket.setNoDelay(true);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      for (const { reply } of this.#streams.values()) reply.cancel?.();
      this.#streams.clear();
    });
    socket.on('drain', () => this.#pump());
    socket.on('data', (bytes) => this.#receive(bytes));
    socket.write(settings(SETTINGS_INITIAL_WINDOW, RECEIVE_WINDOW));
    socket.write(windowUpdate(0, 16 * RECEIVE_WINDOW));
  }

  #receive(bytes) {
    let buffer = this.#left.length === 0 ? bytes : Buffer.concat([this.#left, bytes]);
    if (!this.#greeted) {
      if (buffer.length < PREFACE_BYTES) {
        this.#left = buffer;
        return;
      }
      this.#greeted = true;
      buffer = buffer.subarray(PREFACE_BYTES);
    }
    this.#socket.cork();
    const credits = new Map();
    let at = 0;
    while (buffer.length - at >= HEADER_BYTES) {
      const length = buffer.readUIntBE(at, 3);
      const end = at + HEADER_BYTES + length;
      if (end > buffer.length) break;
      const payload = buffer.subarray(at + HEADER_BYTES, end);
      this.#onFrame(buffer[at + 3], buffer[at + 4], buffer.readUInt32BE(at + 5), payload, credits);
      at = end;
    }
    this.#left = buffer.subarray(at);
    for (const [id, received] of credits) this.#socket.write(windowUpdate(id, received));
    this.#pump();
    this.#socket.uncork();
  }

  #onFrame(type, flags, id, payload, credits) {
    if (type === FRAME.data) this.#onData(flags, id, payload, credits);
    else if (type === FRAME.headers) this.#onHeaders(flags, id);
    else if (type === FRAME.windowUpdate) this.#onWindow(id, payload.readUInt32BE(0));
    else if (type === FRAME.settings && !(flags & ACK)) this.#onSettings(payload);
    else if (type === FRAME.ping && !(flags & ACK)) this.#socket.write(frame(FRAME.ping, ACK, 0, payload));
    else if (type === FRAME.reset) this.#drop(id);
  }

  #onHeaders(flags, id) {
    const stream = { reply: this.#openReply(() => this.#pump()), window: this.#initialWindow, open: false };
    this.#streams.set(id, stream);
    if (flags & END_STREAM) stream.reply.halfClose();
  }

  #onData(flags, id, payload, credits) {
    if (flags & PADDED) throw new Error('padded DATA is not supported here');
    if (payload.length > 0) {
      credits.set(0, (credits.get(0) ?? 0) + payload.length);
      credits.set(id, (credits.get(id) ?? 0) + payload.length);
    }
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    stream.reply.receive(payload);
    if (flags & END_STREAM) stream.reply.halfClose();
  }

  #onWindow(id, bytes) {
    const stream = this.#streams.get(id);
    if (id === 0) this.#window += bytes;
    else if (stream !== undefined) stream.window += bytes;
  }

  #onSettings(payload) {
    for (let at = 0; at < payload.length; at += 6) {
      if (payload.readUInt16BE(at) !== SETTINGS_INITIAL_WINDOW) continue;
      const value = payload.readUInt32BE(at + 2);
      for (const stream of this.#streams.values()) stream.window += value - this.#initialWindow;
      this.#initialWindow = value;
    }
    this.#socket.write(frameHeader(0, FRAME.settings, ACK, 0));
  }

  #drop(id) {
    this.#streams.get(id)?.reply.cancel?.();
    this.#streams.delete(id);
  }

  /** Sends while there is something, the windows allow it and the socket takes it; the streams take turns. */
  #pump() {
    let moved = true;
    while (moved) {
      moved = false;
      for (const [id, stream] of this.#streams) {
        if (this.#socket.destroyed || this.#socket.writableNeedDrain) return;
        if (this.#turn(id, stream)) moved = true;
      }
    }
  }

  #turn(id, stream) {
    const budget = Math.min(this.#window, stream.window, TURN_BYTES);
    const taken = stream.reply.take(budget, id);
    if (taken === undefined && !stream.reply.finished) return false;
    const socket = this.#socket;
    socket.cork();
    if (!stream.open) {
      stream.open = true;
      socket.write(frame(FRAME.headers, END_HEADERS, id, RESPONSE_HEAD));
    }
    if (taken !== undefined) {
      this.#window -= taken.payloadBytes;
      stream.window -= taken.payloadBytes;
      for (const buffer of taken.buffers) socket.write(buffer);
    }
    if (stream.reply.finished) {
      socket.write(frame(FRAME.headers, END_HEADERS | END_STREAM, id, TRAILERS_OK));
      this.#streams.delete(id);
    }
    socket.uncork();
    return true;
  }
}

/** Listens on a free port of the loopback and says which, as one JSON line on the standard output. */
export function serveFrames(openReply) {
  const server = net.createServer((socket) => new Connection(socket, openReply));
  server.listen(0, '127.0.0.1', () =>
    process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`),
  );
}
