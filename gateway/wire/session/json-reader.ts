import { MAX_UINT32, notUint32, SessionFault, shortQuote } from './frames.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const LETTER_N = 0x6e;

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
/** No number of an envelope needs more; it keeps a hostile one from being looked at for long. */
const MAX_NUMBER_LENGTH = 32;

/**
 * Reads the envelope of a JSON frame, strictly, and finds where the value inside it lies without reading that: `JSON.parse` of
 * the whole frame would round large numbers and hide keys that occur twice. Bytes, not text: a value is handed on as it came.
 * Sources: RFC 8259; the JSON mapping of protobuf for numbers and null.
 */
export class JsonReader {
  readonly #bytes: Buffer;
  #pos = 0;

  /** Reads from `start` on. */
  constructor(bytes: Buffer, start = 0) {
    this.#bytes = bytes;
    this.#pos = start;
  }

  /** Where it stands. */
  get position(): number {
    return this.#pos;
  }

  /** Takes an object; `member` must take the value of each name. A name may come once. */
  object(member: (name: string) => void): void {
    this.#take(OPEN_BRACE, '"{"');
    const seen = new Set<string>();
    if (this.#peek() === CLOSE_BRACE) this.#pos += 1;
    else {
      do {
        const name = this.#string('a name');
        if (seen.has(name)) throw new SessionFault(`${shortQuote(name)} occurs twice`);
        seen.add(name);
        this.#take(COLON, '":"');
        member(name);
      } while (this.#takeComma());
    }
  }

  /** Takes `null` if it comes next, which stands for the default of a field. */
  null(): boolean {
    if (this.#peek() !== LETTER_N || this.#bytes.toString('latin1', this.#pos, this.#pos + 4) !== 'null') {
      return false;
    }
    this.#pos += 4;
    return true;
  }

  /** Takes a string; null is an empty one. */
  text(name: string): string {
    return this.null() ? '' : this.#string(`the text of ${shortQuote(name)}`);
  }

  /** Takes an unsigned number of 32 bits, also one in quotation marks; null is 0. */
  uint32(name: string): number {
    if (this.null()) return 0;
    const token = this.#peek() === QUOTE ? this.#string('a number') : this.#token();
    const value = token.length <= MAX_NUMBER_LENGTH && NUMBER.test(token) ? Number(token) : Number.NaN;
    if (!Number.isInteger(value) || value < 0 || value > MAX_UINT32) {
      throw new SessionFault(notUint32(name, token));
    }
    return value;
  }

  /** Takes `true` or `false`; null is false. */
  bool(name: string): boolean {
    if (this.null()) return false;
    this.#peek();
    const token = this.#token();
    if (token === 'true' || token === 'false') return token === 'true';
    throw new SessionFault(`${shortQuote(name)} must be true or false, not ${shortQuote(token)}`);
  }

  /**
   * Steps over a value and returns its bytes. They are a value if they are well formed, which whoever reads them must check: if so,
   * this is where it ends.
   */
  value(name: string): Buffer {
    const bytes = this.#bytes;
    const first = this.#peek();
    const start = this.#pos;
    if (first === QUOTE) this.#skipString();
    else if (first === OPEN_BRACE || first === OPEN_BRACKET) {
      let pos = start;
      let depth = 0;
      do {
        const byte = bytes[pos];
        if (byte === undefined) throw new SessionFault(`the frame ends inside ${shortQuote(name)}`);
        if (byte === QUOTE) {
          this.#pos = pos;
          this.#skipString();
          pos = this.#pos;
          continue;
        }
        if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
        else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth -= 1;
        pos += 1;
      } while (depth > 0);
      this.#pos = pos;
    } else if (this.#token() === '') throw new SessionFault(`${shortQuote(name)} has no value`);
    return bytes.subarray(start, this.#pos);
  }

  /** Nothing but white space may follow. */
  end(): void {
    if (this.#peek() !== undefined) throw new SessionFault('text follows the frame');
  }

  /** Steps over white space; the byte after it, or undefined at the end. */
  #peek(): number | undefined {
    const bytes = this.#bytes;
    let byte = bytes[this.#pos];
    while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) {
      this.#pos += 1;
      byte = bytes[this.#pos];
    }
    return byte;
  }

  #take(mark: number, wanted: string): void {
    if (this.#peek() !== mark)
      throw new SessionFault(`the frame is not an object of JSON: expected ${wanted}`);
    this.#pos += 1;
  }

  #takeComma(): boolean {
    const byte = this.#peek();
    if (byte !== COMMA && byte !== CLOSE_BRACE) throw new SessionFault('expected a comma or "}"');
    this.#pos += 1;
    return byte === COMMA;
  }

  /** What stands between marks: a number, a literal, or something that is no JSON. */
  #token(): string {
    const start = this.#pos;
    while (isToken(this.#bytes[this.#pos])) this.#pos += 1;
    return this.#bytes.toString('latin1', start, this.#pos);
  }

  #string(what: string): string {
    if (this.#peek() !== QUOTE) throw new SessionFault(`expected ${what}, in quotation marks`);
    const start = this.#pos;
    const plain = this.#skipString();
    if (plain) return this.#bytes.toString('utf8', start + 1, this.#pos - 1);
    try {
      // Escapes and what must be escaped: the engine knows the rules.
      return JSON.parse(this.#bytes.toString('utf8', start, this.#pos)) as string;
    } catch {
      throw new SessionFault(`${what} is not a string of JSON`);
    }
  }

  /** Returns whether the string stands for itself. */
  #skipString(): boolean {
    const bytes = this.#bytes;
    let pos = this.#pos + 1;
    let plain = true;
    for (let byte = bytes[pos]; byte !== QUOTE; byte = bytes[pos]) {
      if (byte === undefined) throw new SessionFault('a string does not end');
      if (byte === BACKSLASH) pos += 1;
      if (byte === BACKSLASH || byte < 0x20) plain = false;
      pos += 1;
    }
    this.#pos = pos + 1;
    return plain;
  }
}

function isToken(byte: number | undefined): boolean {
  return (
    byte !== undefined &&
    byte > 0x20 &&
    byte !== COMMA &&
    byte !== COLON &&
    byte !== QUOTE &&
    byte !== OPEN_BRACE &&
    byte !== OPEN_BRACKET &&
    byte !== CLOSE_BRACE &&
    byte !== CLOSE_BRACKET
  );
}
