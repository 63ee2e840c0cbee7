import { DEFAULT_TABLE_BYTES, DynamicTable, fieldBytes, STATIC_FIELDS } from './header-table.js';

/** A field to send. Names are lower case; the caller has checked both. */
export type HeaderField = readonly [name: string, value: string];

/** Fields that come again in every call of a connection, or of a method, are learnt by the peer; those of one call are not. */
const LEARNT = new Set([':authority', ':path', 'te', 'content-type', 'user-agent', 'grpc-accept-encoding']);
/** Never learnt, neither by the peer nor by a proxy on the way: guessing them by their size must not work. Source: RFC 7541 section 7.1.3. */
const SECRET = new Set(['authorization', 'cookie', 'proxy-authorization']);

const staticField = new Map<string, number>();
const staticName = new Map<string, number>();
for (const [index, [name, value]] of STATIC_FIELDS.entries()) {
  staticField.set(`${name}\0${value}`, index + 1);
  if (!staticName.has(name)) staticName.set(name, index + 1);
}

/**
 * Encodes the header blocks of one connection, which must be sent in the order in which they were encoded. Strings are sent
 * as they are: what is worth compressing is learnt. Source: RFC 7541.
 */
export class HeaderEncoder {
  readonly #table = new DynamicTable();
  /** Fields the peer knows, with their running number; those with a number below what is left are evicted. */
  readonly #learnt = new Map<string, number>();
  #added = 0;
  /** The smallest limit since the last block, when it has changed: the peer waits for both. Source: RFC 7541 section 4.2. */
  #smallest: number | undefined;
  #bytes = Buffer.allocUnsafe(1024);
  #at = 0;

  /** The peer's table may have other bounds from now on. */
  limit(bytes: number): void {
    const limit = Math.min(bytes, DEFAULT_TABLE_BYTES);
    if (limit === this.#table.limit) return;
    this.#table.resize(limit);
    this.#smallest = Math.min(this.#smallest ?? limit, limit);
  }

  /** One header block. Valid until the next call. */
  encode(fields: readonly HeaderField[]): Buffer {
    this.#at = 0;
    if (this.#smallest !== undefined) {
      if (this.#smallest < this.#table.limit) this.#integer(0x20, 5, this.#smallest);
      this.#integer(0x20, 5, this.#table.limit);
      this.#smallest = undefined;
    }
    for (const [name, value] of fields) this.#field(name, value);
    return this.#bytes.subarray(0, this.#at);
  }

  #field(name: string, value: string): void {
    const key = `${name}\0${value}`;
    const known = staticField.get(key);
    if (known !== undefined) this.#integer(0x80, 7, known);
    else if (!LEARNT.has(name)) this.#literal(SECRET.has(name) ? 0x10 : 0, 4, name, value);
    else if (!this.#writeLearnt(key)) this.#learn(key, name, value);
  }

  #writeLearnt(key: string): boolean {
    const number = this.#learnt.get(key);
    if (number === undefined) return false;
    const age = this.#added - number - 1;
    if (age >= this.#table.length) return false;
    this.#integer(0x80, 7, STATIC_FIELDS.length + 1 + age);
    return true;
  }

  #learn(key: string, name: string, value: string): void {
    // A path too long for the table would only empty it.
    if (fieldBytes(name, value) > this.#table.limit / 4) {
      this.#literal(0, 4, name, value);
      return;
    }
    this.#literal(0x40, 6, name, value);
    this.#table.add(name, value);
    this.#learnt.set(key, this.#added++);
    if (this.#learnt.size > 2 * this.#table.length + 64) this.#forget();
  }

  #forget(): void {
    for (const [key, number] of this.#learnt) {
      if (this.#added - number - 1 >= this.#table.length) this.#learnt.delete(key);
    }
  }

  #literal(form: number, bits: number, name: string, value: string): void {
    const known = staticName.get(name) ?? 0;
    this.#integer(form, bits, known);
    if (known === 0) this.#string(name);
    this.#string(value);
  }

  #string(text: string): void {
    this.#integer(0, 7, text.length);
    this.#reserve(text.length);
    this.#at += this.#bytes.write(text, this.#at, 'latin1');
  }

  #integer(form: number, bits: number, value: number): void {
    this.#reserve(6);
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

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + bytes));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}
