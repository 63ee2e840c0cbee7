import { ConnectionError, ErrorCode, FrameType } from './codes.js';
import { ConnectionWindow } from './connection-window.js';
import { MAX_FIELDS, MAX_HEADER_LIST_BYTES } from './header-decoder.js';
import { readUint32 } from './payloads.js';
import { httpStatusOf, ResponseHeaderReader } from './response-headers.js';
import type { ClientStream, StreamHost } from './stream.js';
import type { StreamTable } from './stream-table.js';

const TOO_MANY_HEADERS = `sent more than ${MAX_FIELDS} headers, or more than ${MAX_HEADER_LIST_BYTES} bytes of them, which is the gateway's limit`;

/** The frames of single streams: each goes to its stream, or breaks it. What throws a `ConnectionError` has broken the connection. */
export class StreamFrames {
  readonly #streams: StreamTable;
  readonly #host: Pick<StreamHost, 'writer' | 'flushLater'>;
  readonly #onHeard: () => void;
  readonly #headers = new ResponseHeaderReader();
  readonly #window = new ConnectionWindow();
  /** Of the DATA frame that is coming, what has not been seen. */
  #frameLeft = 0;
  /** The stream of the last DATA frame, if it was there. */
  #dataStream: ClientStream | undefined;
  /** Streams that got data in this read. */
  readonly #fed: ClientStream[] = [];

  /** `onHeard` is called for every frame of a call. */
  constructor(streams: StreamTable, host: Pick<StreamHost, 'writer' | 'flushLater'>, onHeard: () => void) {
    this.#streams = streams;
    this.#host = host;
    this.#onHeard = onHeard;
  }

  /** A header block has begun: only its continuation may follow. */
  get isBlockOpen(): boolean {
    return this.#headers.isOpen;
  }

  /** Opens the window of the connection. */
  greet(): void {
    this.#window.open(this.#host.writer);
  }

  onDataFrame(streamId: number, length: number): void {
    this.#onHeard();
    this.#frameLeft = length;
    if (this.#window.take(length, this.#host.writer)) this.#host.flushLater();
    const stream = this.#dataStreamOf(streamId);
    if (stream === undefined) return;
    const isAllowed = stream.receive(length);
    if (stream.remoteEnded) this.#break(stream, ErrorCode.PROTOCOL_ERROR, 'sent data after its end');
    else if (!stream.isAnswered)
      this.#break(stream, ErrorCode.PROTOCOL_ERROR, 'sent data before its headers');
    else if (!isAllowed) {
      throw new ConnectionError(
        ErrorCode.FLOW_CONTROL_ERROR,
        "sent more data than a stream's flow-control window allows",
      );
    }
  }

  onDataBytes(streamId: number, bytes: Buffer, start: number, end: number): void {
    this.#frameLeft -= end - start;
    const stream = this.#dataStreamOf(streamId);
    if (stream === undefined) return;
    // Where there is none, the index would be looked for as a name.
    const { length } = this.#fed;
    if (length === 0 || this.#fed[length - 1] !== stream) this.#fed.push(stream);
    stream.handler.onData(bytes, start, end);
  }

  onDataEnd(streamId: number, endStream: boolean): void {
    const stream = this.#dataStreamOf(streamId);
    // What is left of the frame is padding.
    if (this.#frameLeft > 0) stream?.credit(this.#frameLeft);
    if (endStream) stream?.endRemote();
  }

  /** The socket has nothing more for now. */
  onReadEnd(): void {
    this.#dataStream = undefined;
    if (this.#fed.length === 0) return;
    for (const stream of this.#fed) stream.handler.onReadEnd();
    // Setting the length of an array leaves compiled code, and taking one from it does not.
    while (this.#fed.length > 0) this.#fed.pop();
  }

  /** HEADERS and CONTINUATION. */
  onHeaders(
    type: typeof FrameType.HEADERS | typeof FrameType.CONTINUATION,
    flags: number,
    id: number,
    payload: Uint8Array,
  ): void {
    const answer = this.#headers.add(type, flags, id, payload);
    if (answer === undefined) return;
    this.#onHeard();
    const { headers, endStream } = answer;
    const stream = this.#streams.of(answer.streamId);
    if (stream === undefined) return;
    const status = headers === undefined ? 0 : httpStatusOf(headers, endStream, stream);
    if (headers === undefined) this.#break(stream, ErrorCode.ENHANCE_YOUR_CALM, TOO_MANY_HEADERS);
    else if (status < 0) this.#break(stream, ErrorCode.PROTOCOL_ERROR, 'sent malformed headers');
    else if (status === 0) stream.handler.onTrailers(headers);
    else if (status >= 200) {
      stream.isAnswered = true;
      stream.handler.onHeaders(headers, status, endStream);
    }
    if (endStream) stream.endRemote();
  }

  onReset(streamId: number, payload: Uint8Array): void {
    this.#streams.of(streamId)?.close(readUint32(payload, 'RST_STREAM'));
  }

  onWindowUpdate(streamId: number, bytes: number): void {
    const stream = this.#streams.of(streamId);
    if (stream === undefined) return;
    if (bytes === 0) this.#break(stream, ErrorCode.PROTOCOL_ERROR, 'sent a WINDOW_UPDATE of 0');
    else if (!stream.widen(bytes))
      this.#break(stream, ErrorCode.FLOW_CONTROL_ERROR, "overflowed a stream's flow-control window");
  }

  /** Most frames are of the stream of the frame before. */
  #dataStreamOf(streamId: number): ClientStream | undefined {
    const last = this.#dataStream;
    if (last !== undefined && last.id === streamId && !last.isClosed) return last;
    this.#dataStream = this.#streams.of(streamId);
    return this.#dataStream;
  }

  /** The peer has broken the rules of one stream only. */
  #break(stream: ClientStream, code: number, breach: string): void {
    this.#host.writer.numbers(FrameType.RST_STREAM, stream.id, code);
    this.#host.flushLater();
    stream.close(code, breach);
  }
}
