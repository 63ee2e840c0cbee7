import { HeaderBytes } from './header-bytes.js';
import {
  DEFAULT_TABLE_BYTES,
  DynamicTable,
  fieldBytes,
  headerListBytes,
  STATIC_FIELDS,
} from './header-table.js';

/** A field to send. Names are lower case; the caller has checked both. */
export type HeaderField = readonly [name: string, value: string];

/** Fields that come again with every call of a method, made once for all of them, in the order in which they are sent. */
export class CommonFields {
  readonly fields: readonly HeaderField[];
  /** What they count against SETTINGS_MAX_HEADER_LIST_SIZE. */
  readonly bytes: number;

  constructor(fields: readonly HeaderField[]) {
    this.fields = fields;
    this.bytes = headerListBytes(fields);
  }
}

/** Fields that come again in every call of a connection, or of a method, are learnt by the peer; those of one call are not. */
const LEARNT = new Set([':authority', ':path', 'te', 'content-type', 'user-agent', 'grpc-accept-encoding']);

/** Blocks of common fields that are kept for a connection: one a method. */
const MAX_KEPT = 256;
/** Two changes of the table's size may stand before the first field. */
const SIZE_CHANGES_BYTES = 12;

const staticField = new Map<string, number>();
for (const [index, [name, value]] of STATIC_FIELDS.entries()) staticField.set(`${name}\0${value}`, index + 1);

/** The bytes of common fields, which stay the same as long as the table does. */
interface KeptBlock {
  readonly changes: number;
  readonly bytes: Uint8Array;
}

/** At most so many bytes has the block of such fields. Each of them counts 32 more than its text, which is more than its lengths need. */
export function mostBlockBytes(common: CommonFields, own: readonly HeaderField[]): number {
  return common.bytes + headerListBytes(own) + SIZE_CHANGES_BYTES;
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
  /** How often the table has changed, and with it the index of each field. */
  #changes = 0;
  readonly #kept = new Map<CommonFields, KeptBlock>();
  /** The smallest limit since the last block, when it has changed: the peer waits for both. Source: RFC 7541 section 4.2. */
  #smallest: number | undefined;
  readonly #bytes = new HeaderBytes();

  /** The peer's table may have other bounds from now on. */
  limit(bytes: number): void {
    const limit = Math.min(bytes, DEFAULT_TABLE_BYTES);
    if (limit === this.#table.limit) return;
    this.#table.resize(limit);
    this.#changes += 1;
    this.#smallest = Math.min(this.#smallest ?? limit, limit);
  }

  /**
   * One header block, of the common fields and then those of one call, written into a buffer from `at` on, where there is room for
   * `mostBlockBytes`. Returns where it ends.
   */
  encode(common: CommonFields, own: readonly HeaderField[], into: Buffer, at: number): number {
    const bytes = this.#bytes;
    bytes.begin(into, at);
    if (this.#smallest !== undefined) {
      if (this.#smallest < this.#table.limit) bytes.integer(0x20, 5, this.#smallest);
      bytes.integer(0x20, 5, this.#table.limit);
      this.#smallest = undefined;
    }
    this.#common(common);
    for (const [name, value] of own) bytes.literal(name, value);
    return bytes.end();
  }

  #common(common: CommonFields): void {
    const kept = this.#kept.get(common);
    const changes = this.#changes;
    if (kept !== undefined && kept.changes === changes) {
      this.#bytes.copy(kept.bytes);
      return;
    }
    const from = this.#bytes.at;
    for (const [name, value] of common.fields) this.#field(name, value);
    if (this.#changes !== changes) return;
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
    this.#kept.set(common, { changes, bytes: this.#bytes.since(from) });
  }

  #field(name: string, value: string): void {
    const key = `${name}\0${value}`;
    const known = staticField.get(key);
    if (known !== undefined) this.#bytes.integer(0x80, 7, known);
    else if (!LEARNT.has(name)) this.#bytes.literal(name, value);
    else if (!this.#writeLearnt(key)) this.#learn(key, name, value);
  }

  #writeLearnt(key: string): boolean {
    const number = this.#learnt.get(key);
    if (number === undefined) return false;
    const age = this.#added - number - 1;
    if (age >= this.#table.length) return false;
    this.#bytes.integer(0x80, 7, STATIC_FIELDS.length + 1 + age);
    return true;
  }

  #learn(key: string, name: string, value: string): void {
    // A path too long for the table would only empty it.
    if (fieldBytes(name, value) > this.#table.limit / 4) {
      this.#bytes.literal(name, value);
      return;
    }
    this.#bytes.learnt(name, value);
    this.#table.add(name, value);
    this.#changes += 1;
    this.#learnt.set(key, this.#added++);
    if (this.#learnt.size > 2 * this.#table.length + 64) this.#forget();
  }

  #forget(): void {
    for (const [key, number] of this.#learnt) {
      if (this.#added - number - 1 >= this.#table.length) this.#learnt.delete(key);
    }
  }
}
