import { STATIC_FIELDS } from './header-table.js';

/** Never learnt, neither by the peer nor by a proxy on the way: guessing them by their size must not work. Source: RFC 7541 section 7.1.3. */
const SECRET = new Set(['authorization', 'cookie', 'proxy-authorization']);

/** Up to here text is written character by character, which costs less than a call into Node. */
const SHORT_TEXT = 64;

/** Names whose beginning of a literal is kept. Clients choose names, so there is an end to it. */
const MAX_NAMES = 1_000;
/** Of those no longer than this. */
const MAX_NAME_LENGTH = 64;

const staticName = new Map<string, number>();
for (const [index, [name]] of STATIC_FIELDS.entries()) {
  if (!staticName.has(name)) staticName.set(name, index + 1);
}
const literalNames = new Map<string, Uint8Array>();

/** Writes the parts of header blocks into a buffer that has room for them. Source: RFC 7541 sections 5 and 6. */
export class HeaderBytes {
  #bytes: Buffer = Buffer.alloc(0);
  #at = 0;

  /** Where the next part goes. */
  get at(): number {
    return this.#at;
  }

  begin(into: Buffer, at: number): void {
    this.#bytes = into;
    this.#at = at;
  }

  /** Returns where the last part has ended. */
  end(): number {
    return this.#at;
  }

  /** A copy of what was written from there on. */
  since(from: number): Uint8Array {
    return Uint8Array.prototype.slice.call(this.#bytes, from, this.#at);
  }

  copy(bytes: Uint8Array): void {
    const into = this.#bytes;
    let at = this.#at;
    for (let from = 0; from < bytes.length; from++) into[at++] = bytes[from] as number;
    this.#at = at;
  }

  /** A field that the peer is not to learn. */
  literal(name: string, value: string): void {
    const kept = literalNames.get(name);
    if (kept !== undefined) this.copy(kept);
    else this.#literalName(name);
    this.#text(value);
  }

  /** A field that the peer learns. */
  learnt(name: string, value: string): void {
    this.#name(0x40, 6, name);
    this.#text(value);
  }

  #literalName(name: string): void {
    const from = this.#at;
    this.#name(SECRET.has(name) ? 0x10 : 0, 4, name);
    if (literalNames.size < MAX_NAMES && name.length <= MAX_NAME_LENGTH)
      literalNames.set(name, this.since(from));
  }

  #name(form: number, bits: number, name: string): void {
    const known = staticName.get(name) ?? 0;
    this.integer(form, bits, known);
    if (known === 0) this.#text(name);
  }

  #text(text: string): void {
    const { length } = text;
    this.integer(0, 7, length);
    const bytes = this.#bytes;
    let at = this.#at;
    if (length <= SHORT_TEXT) for (let from = 0; from < length; from++) bytes[at++] = text.charCodeAt(from);
    else at += bytes.write(text, at, 'latin1');
    this.#at = at;
  }

  integer(form: number, bits: number, value: number): void {
    const most = (1 << bits) - 1;
    if (value < most) {
      this.#bytes[this.#at++] = form | value;
      return;
    }
    this.#bytes[this.#at++] = form | most;
    let rest = value - most;
    for (; rest >= 0x80; rest >>>= 7) this.#bytes[this.#at++] = (rest & 0x7f) | 0x80;
    this.#bytes[this.#at++] = rest;
  }
}
