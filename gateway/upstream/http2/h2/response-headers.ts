import { HeaderBlocks } from './header-block.js';
import { HeaderDecoder, type RawHeaders } from './header-decoder.js';
import type { ClientStream } from './stream.js';

const NAME = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what a field value must not have
const NOT_IN_VALUE = /[\0-\x08\x0a-\x1f\x7f]/;
/** Names that have been found well-formed, so that those of every call are looked at once. */
const known = new Set<string>();
const MAX_KNOWN = 1_000;

/** A header block of one stream, decoded. */
export interface ResponseHeaders {
  readonly streamId: number;
  readonly endStream: boolean;
  /** `undefined`: more than we take. */
  readonly headers: RawHeaders | undefined;
}

/** Turns the frames of header blocks into headers. */
export class ResponseHeaderReader {
  readonly #blocks = new HeaderBlocks();
  readonly #decoder = new HeaderDecoder();

  /** A block has begun: only its continuation may follow. */
  get isOpen(): boolean {
    return this.#blocks.isOpen;
  }

  /** A HEADERS or CONTINUATION frame; the headers, when they are whole. Throws a `ConnectionError`. */
  add(type: number, flags: number, streamId: number, payload: Uint8Array): ResponseHeaders | undefined {
    const block = this.#blocks.add(type, flags, streamId, payload);
    if (block === undefined) return undefined;
    // Decoded whatever becomes of it: the table belongs to the connection.
    const headers = this.#decoder.decode(block.bytes);
    return { streamId: block.streamId, endStream: block.endStream, headers };
  }
}

/**
 * What headers are to their stream: the HTTP status of its answer, 0 for trailers, -1 when they are malformed.
 * Source: RFC 9113 sections 8.1, 8.2.1 and 8.3.2.
 */
export function httpStatusOf(headers: RawHeaders, endStream: boolean, stream: ClientStream): number {
  if (stream.remoteEnded) return -1;
  const isTrailers = stream.isAnswered;
  if (isTrailers && !endStream) return -1;
  let status = 0;
  for (let at = 0; at < headers.length; at += 2) {
    const name = headers[at] as string;
    const value = headers[at + 1] as string;
    if (NOT_IN_VALUE.test(value)) return -1;
    if (name === ':status' && at === 0 && !isTrailers) {
      if (!/^[1-5][0-9]{2}$/.test(value)) return -1;
      status = Number(value);
    } else if (!known.has(name)) {
      if (!NAME.test(name)) return -1;
      if (known.size < MAX_KNOWN) known.add(name);
    }
  }
  if (isTrailers) return 0;
  const isInformational = status >= 100 && status < 200;
  return status === 0 || (isInformational && (endStream || status === 101)) ? -1 : status;
}
