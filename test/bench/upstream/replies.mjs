// What the hand-written upstream answers. Each is the `reply` that frames.mjs describes.
import { toBinary } from '@bufbuild/protobuf';
import { fileBytes } from '../samples.mjs';
import { frameHeader, MAX_FRAME_BYTES } from './frames.mjs';

const FRAME_HEAD = 9;
const MESSAGE_HEAD = 5;

/** A message behind gRPC's head: not compressed, length. */
export function withHead(message) {
  const whole = Buffer.allocUnsafe(MESSAGE_HEAD + message.length);
  whole[0] = 0;
  whole.writeUInt32BE(message.length, 1);
  message.copy(whole, MESSAGE_HEAD);
  return whole;
}

/** Cuts gRPC messages out of request bytes; `onMessage` gets each without its head. */
export function createDeframer(onMessage) {
  let left = Buffer.alloc(0);
  return (payload) => {
    const buffer = left.length === 0 ? payload : Buffer.concat([left, payload]);
    let at = 0;
    while (buffer.length - at >= MESSAGE_HEAD) {
      const end = at + MESSAGE_HEAD + buffer.readUInt32BE(at + 1);
      if (end > buffer.length) break;
      onMessage(buffer.subarray(at + MESSAGE_HEAD, end));
      at = end;
    }
    left = buffer.subarray(at);
  };
}

/** All samples as DATA frames one behind the other, one message a frame, and where each begins. */
export function createFrameRing(messages) {
  const offsets = new Uint32Array(messages.length + 1);
  const frames = messages.map((message, index) => {
    const framed = withHead(message);
    offsets[index + 1] = offsets[index] + FRAME_HEAD + framed.length;
    return Buffer.concat([frameHeader(framed.length, 0, 0, 0), framed]);
  });
  return { bytes: Buffer.concat(frames), offsets, length: messages.length };
}

/** Reads how many are wanted from the request, then sends as many messages of the ring as the windows allow. */
export class RingReply {
  finished = false;
  #ring;
  #countOf;
  #deframe;
  #left = 0;
  #next = 0;
  #started = false;

  constructor(ring, countOf) {
    this.#ring = ring;
    this.#countOf = countOf;
    this.#deframe = createDeframer((request) => {
      this.#left = this.#countOf(request);
      this.#started = true;
    });
  }

  receive(payload) {
    this.#deframe(payload);
  }

  halfClose() {}

  take(budget, id) {
    if (!this.#started) return undefined;
    const { offsets, bytes, length } = this.#ring;
    const first = this.#next;
    let end = first;
    const start = offsets[first];
    const most = Math.min(length, first + this.#left);
    while (end < most && offsets[end + 1] - start - (end + 1 - first) * FRAME_HEAD <= budget) end += 1;
    this.#left -= end - first;
    this.finished = this.#left === 0;
    if (end === first) return undefined;
    this.#next = end === length ? 0 : end;
    const frames = Buffer.from(bytes.subarray(start, offsets[end]));
    for (let index = first; index < end; index += 1) frames.writeUInt32BE(id, offsets[index] - start + 5);
    return { buffers: [frames], payloadBytes: frames.length - (end - first) * FRAME_HEAD };
  }
}

/** Sends messages of any size in frames of 16 KiB; `next()` gives the next one, undefined at the end. */
export class MessageReply {
  finished = false;
  #next;
  #message;
  #at = 0;

  constructor(next) {
    this.#next = next;
  }

  take(budget, id) {
    const buffers = [];
    let payloadBytes = 0;
    while (payloadBytes < budget) {
      if (this.#message === undefined || this.#at === this.#message.length) {
        const message = this.#next();
        if (message === undefined) {
          this.finished = true;
          break;
        }
        this.#message = withHead(message);
        this.#at = 0;
      }
      const length = Math.min(MAX_FRAME_BYTES, this.#message.length - this.#at, budget - payloadBytes);
      buffers.push(frameHeader(length, 0, 0, id), this.#message.subarray(this.#at, this.#at + length));
      this.#at += length;
      payloadBytes += length;
    }
    return buffers.length === 0 ? undefined : { buffers, payloadBytes };
  }
}

/** A file of as many bytes as its name says, in chunks as asked for; the last message is empty and says so. */
export class FileReply {
  #types;
  #deframe;
  #reply;

  constructor(types, readRequest) {
    this.#types = types;
    this.#deframe = createDeframer((request) => {
      const { filePath, chunkSize } = readRequest(request);
      this.#reply = new MessageReply(this.#chunks(Number(filePath), chunkSize));
    });
  }

  get finished() {
    return this.#reply?.finished ?? false;
  }

  receive(payload) {
    this.#deframe(payload);
  }

  halfClose() {}

  take(budget, id) {
    return this.#reply?.take(budget, id);
  }

  #chunks(totalBytes, chunkBytes) {
    const type = this.#types('FileChunk');
    let chunkNumber = 0;
    let ended = false;
    return () => {
      if (ended) return undefined;
      const offset = chunkNumber * chunkBytes;
      ended = offset >= totalBytes;
      const data = fileBytes(offset, Math.max(0, Math.min(chunkBytes, totalBytes - offset)));
      const chunk = toBinary(type, {
        $typeName: type.typeName,
        data,
        chunkNumber,
        isLast: ended,
        filePath: '',
      });
      chunkNumber += 1;
      return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    };
  }
}

/** Swallows a request stream and answers with one message once it is whole; `answer(count)` makes it. */
export class SinkReply {
  #deframe;
  #reply;
  #answer;
  #count = 0;

  constructor(answer) {
    this.#answer = answer;
    // Only the heads are read: a chunk of a file is not gathered, it is skipped.
    let skip = 0;
    let head = Buffer.alloc(0);
    this.#deframe = (payload) => {
      let at = 0;
      while (at < payload.length) {
        if (skip > 0) {
          const step = Math.min(skip, payload.length - at);
          skip -= step;
          at += step;
          continue;
        }
        const part = payload.subarray(at, at + MESSAGE_HEAD - head.length);
        head = head.length === 0 ? part : Buffer.concat([head, part]);
        at += part.length;
        if (head.length < MESSAGE_HEAD) return;
        skip = head.readUInt32BE(1);
        head = head.subarray(MESSAGE_HEAD);
        this.#count += 1;
      }
    };
  }

  get finished() {
    return this.#reply?.finished ?? false;
  }

  receive(payload) {
    this.#deframe(payload);
  }

  halfClose() {
    const messages = [this.#answer(this.#count)];
    this.#reply = new MessageReply(() => messages.pop());
  }

  take(budget, id) {
    return this.#reply?.take(budget, id);
  }
}

/** Sends back what comes, byte for byte. What waits here is bounded by what the load keeps in flight. */
export class EchoReply {
  finished = false;
  #waiting = [];
  #halfClosed = false;

  receive(payload) {
    if (payload.length > 0) this.#waiting.push(payload);
  }

  halfClose() {
    this.#halfClosed = true;
    this.finished = this.#waiting.length === 0;
  }

  take(budget, id) {
    const buffers = [];
    let payloadBytes = 0;
    while (this.#waiting.length > 0 && payloadBytes < budget) {
      const [first] = this.#waiting;
      const part = first.subarray(0, budget - payloadBytes);
      if (part.length === first.length) this.#waiting.shift();
      else this.#waiting[0] = first.subarray(part.length);
      buffers.push(frameHeader(part.length, 0, 0, id), part);
      payloadBytes += part.length;
    }
    this.finished = this.#halfClosed && this.#waiting.length === 0;
    return buffers.length === 0 ? undefined : { buffers, payloadBytes };
  }
}
