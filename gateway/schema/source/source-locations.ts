import { DescriptorWriter } from './descriptor-writer.js';
import type { TokenReader } from './token-reader.js';
import type { TokenPlace } from './token-scanner.js';

/** SourceCodeInfo.location, and the fields of a location. */
const LOCATION = 1;
const PATH = 1;
const SPAN = 2;
const LEADING_COMMENTS = 3;
const TRAILING_COMMENTS = 4;

/**
 * The places of declarations, and the comments above and behind them, as a serialized google.protobuf.SourceCodeInfo: they are as many as everything
 * else of a file together, and are written as soon as they are known.
 */
export class SourceLocations {
  readonly #writer = new DescriptorWriter();
  /** Of the element that is being read: numbers of fields and indexes, from the file inwards. */
  readonly #path: number[] = [];

  written(): Uint8Array {
    return this.#writer.written();
  }

  /** Goes into an element of a list of its parent: the number of the list, and its index. */
  enter(field: number, index: number): void {
    this.#path.push(field, index);
  }

  /** Leaves it, without a note. */
  forget(): void {
    this.#path.length -= 2;
  }

  /** Leaves it, and notes where it is: from `start` to the last token. */
  leave(start: TokenPlace, reader: TokenReader): void {
    const writer = this.#writer;
    const location = writer.begin(LOCATION);
    const path = writer.begin(PATH);
    for (const part of this.#path) writer.varint(part);
    writer.end(path);
    const span = writer.begin(SPAN);
    writer.varint(start.line);
    writer.varint(start.column);
    if (start.line !== reader.lastLine) writer.varint(reader.lastLine);
    writer.varint(reader.lastEndColumn);
    writer.end(span);
    if (start.comment !== undefined) writer.textField(LEADING_COMMENTS, start.comment);
    const behind = reader.behind();
    if (behind !== undefined) writer.textField(TRAILING_COMMENTS, behind);
    writer.end(location);
    this.forget();
  }
}
