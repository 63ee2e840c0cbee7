import { ByteWriter, KeyList } from '../primitive/index.js';

/** How deep objects and arrays that are messages may nest. */
export const MAX_JSON_DEPTH = 100;

/** Why a JSON text is refused. The codec adds where. */
export class JsonFault extends Error {
  override readonly name = 'JsonFault';
}

/** Every single value fits in it, so that only strings and bytes have to ask for room. */
const SLACK_BYTES = 64;
/** Texts up to here share one buffer. */
const SCRATCH_BYTES = 64 * 1024;

/** Small results lie behind each other in one buffer, up to here. */
const MAX_SHARED_BYTES = 12 * 1024;

const scratch = Buffer.allocUnsafeSlow(SCRATCH_BYTES);

/** Where parsing stands: JSON text in, wire bytes out. One object serves all messages, since parsing never waits. */
export class Parser {
  /** The text as UTF-8. A zero follows it, which is no character of JSON: nothing has to look for the end. */
  text: Buffer = scratch;
  pos = 0;
  /** Where the zero is. */
  end = 0;
  writer = new ByteWriter();
  /** The writer's buffer. */
  out: Buffer = this.writer.buffer;
  at = 0;
  depth = 0;
  /** Which fields and oneofs of the open messages have been set: a stack of marks. */
  marks = new Uint8Array(1024);
  markTop = 0;
  readonly keys = new KeyList();
  /** The string token that was scanned last, between its quotation marks. */
  stringStart = 0;
  stringEnd = 0;
  stringEscaped = false;
  /**
   * Of each object in what has been stepped over: where the value of its "@type" begins, -1 when it has several. Any in Any in Any
   * would otherwise be stepped over once for each of them.
   */
  readonly typesSeen = new Map<number, number>();
  /** The integer that was read last; when it is not below 2^53, `large` holds it. */
  integer = 0;
  large: bigint | undefined = undefined;

  begin(json: string): void {
    if (!isWellFormed(json)) throw new JsonFault('the text holds half of a surrogate pair');
    const size = json.length * 3 + 1;
    this.text = size <= SCRATCH_BYTES ? scratch : Buffer.allocUnsafeSlow(size);
    // Without arguments it takes Node's shortest way.
    this.end = this.text.write(json);
    this.text[this.end] = 0;
    this.pos = 0;
    this.depth = 0;
    this.markTop = 0;
    this.keys.reset();
    this.#forgetTypes();
    if (this.writer.length > MAX_SHARED_BYTES) {
      this.writer.take();
      this.out = this.writer.buffer;
    }
    this.at = this.writer.length;
  }

  /** The wire bytes. */
  finish(): Buffer {
    const { writer, at } = this;
    const wire = this.out.subarray(writer.length, at);
    writer.length = at;
    return wire;
  }

  /** Lets go of a large text. */
  release(): void {
    this.text = scratch;
    this.#forgetTypes();
  }

  /** Only where there are any: `clear` always makes another table, and the one left behind points to it, so that one that has grown old keeps all that follow. */
  #forgetTypes(): void {
    if (this.typesSeen.size > 0) this.typesSeen.clear();
  }

  /** Makes room for `count` bytes and a single value. */
  room(count: number): void {
    if (this.out.length - this.at < count + SLACK_BYTES) this.grow(count + SLACK_BYTES);
  }

  private grow(count: number): void {
    const { writer } = this;
    const start = writer.length;
    writer.length = this.at;
    writer.reserve(count);
    writer.length = start;
    this.out = writer.buffer;
  }

  /** Appends a tag. */
  tag(bytes: Uint8Array): void {
    this.room(0);
    const out = this.out;
    const at = this.at;
    for (let index = 0; index < bytes.length; index += 1) out[at + index] = bytes[index] as number;
    this.at = at + bytes.length;
  }

  /** Begins a length-delimited value: keeps a byte for its length, which most have less than 128 of. */
  open(): number {
    this.room(1);
    this.at += 1;
    return this.at;
  }

  /** Ends the value that begins at `start`, and writes its length in front of it. */
  close(start: number): void {
    const length = this.at - start;
    if (length < 0x80) {
      this.out[start - 1] = length;
      return;
    }
    const more = length < 0x4000 ? 1 : length < 0x20_0000 ? 2 : length < 0x1000_0000 ? 3 : 4;
    this.room(more);
    this.out.copyWithin(start + more, start, this.at);
    this.at += more;
    let at = start - 1;
    let rest = length;
    for (; rest > 0x7f; rest >>>= 7) this.out[at++] = (rest & 0x7f) | 0x80;
    this.out[at] = rest;
  }

  /** Goes one level down. */
  enter(): void {
    this.depth += 1;
    if (this.depth > MAX_JSON_DEPTH) throw new JsonFault(`it is nested more than ${MAX_JSON_DEPTH} deep`);
  }

  /** Clears marks for the fields and oneofs of a message, and returns where they begin. */
  openMarks(plan: { readonly fields: readonly unknown[]; readonly oneofs: readonly string[] }): number {
    const base = this.markTop;
    const top = base + plan.fields.length + plan.oneofs.length;
    if (top > this.marks.length) {
      const grown = new Uint8Array(Math.max(top, this.marks.length * 2));
      grown.set(this.marks);
      this.marks = grown;
    }
    const marks = this.marks;
    for (let index = base; index < top; index += 1) marks[index] = 0;
    this.markTop = top;
    return base;
  }
}

/** Node has it since version 20; the language level of the project does not name it yet. */
const isWellFormedMethod = (String.prototype as { isWellFormed?: () => boolean }).isWellFormed;
function isWellFormed(text: string): boolean {
  return isWellFormedMethod === undefined ? encodes(text) : isWellFormedMethod.call(text);
}
function encodes(text: string): boolean {
  try {
    encodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
