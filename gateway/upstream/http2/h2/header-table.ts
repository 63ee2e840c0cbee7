/** Header fields that every HTTP/2 connection knows, from index 1. Source: RFC 7541 appendix A. */
export const STATIC_FIELDS: readonly (readonly [name: string, value: string])[] = [
  [':authority', ''],
  [':method', 'GET'],
  [':method', 'POST'],
  [':path', '/'],
  [':path', '/index.html'],
  [':scheme', 'http'],
  [':scheme', 'https'],
  ...['200', '204', '206', '304', '400', '404', '500'].map((status) => [':status', status] as const),
  ['accept-charset', ''],
  ['accept-encoding', 'gzip, deflate'],
  ...(
    'accept-language accept-ranges accept access-control-allow-origin age allow authorization cache-control ' +
    'content-disposition content-encoding content-language content-length content-location content-range content-type cookie ' +
    'date etag expect expires from host if-match if-modified-since if-none-match if-range if-unmodified-since last-modified ' +
    'link location max-forwards proxy-authenticate proxy-authorization range referer refresh retry-after server set-cookie ' +
    'strict-transport-security transfer-encoding user-agent vary via www-authenticate'
  )
    .split(' ')
    .map((name) => [name, ''] as const),
];

/** What the table may hold by default, in the bytes of RFC 7541 section 4.1. */
export const DEFAULT_TABLE_BYTES = 4096;

/** What an entry costs. Source: RFC 7541 section 4.1. */
export function fieldBytes(name: string, value: string): number {
  return name.length + value.length + 32;
}

/** What a list of fields counts against SETTINGS_MAX_HEADER_LIST_SIZE. Source: RFC 9113 section 6.5.2. */
export function headerListBytes(fields: readonly (readonly [name: string, value: string])[]): number {
  let bytes = 0;
  for (const [name, value] of fields) bytes += fieldBytes(name, value);
  return bytes;
}

/** The fields that one direction of a connection has learnt, newest first. Source: RFC 7541 section 2.3.2. */
export class DynamicTable {
  /** Oldest first; what has been evicted is cut off now and then. */
  #fields: (readonly [name: string, value: string])[] = [];
  #evicted = 0;
  #bytes = 0;
  #limit = DEFAULT_TABLE_BYTES;

  get limit(): number {
    return this.#limit;
  }

  get length(): number {
    return this.#fields.length - this.#evicted;
  }

  /** The field at an index of the dynamic part, 0 being the newest. */
  at(index: number): readonly [name: string, value: string] | undefined {
    const position = this.#fields.length - 1 - index;
    return position < this.#evicted ? undefined : this.#fields[position];
  }

  add(name: string, value: string): void {
    const size = fieldBytes(name, value);
    this.#evictTo(this.#limit - size);
    if (size > this.#limit) return;
    this.#fields.push([name, value]);
    this.#bytes += size;
  }

  resize(limit: number): void {
    this.#limit = limit;
    this.#evictTo(limit);
  }

  #evictTo(bytes: number): void {
    while (this.#bytes > Math.max(0, bytes)) {
      const [name, value] = this.#fields[this.#evicted++] as readonly [string, string];
      this.#bytes -= fieldBytes(name, value);
    }
    if (this.#evicted > 64 && this.#evicted > this.#fields.length / 2) {
      this.#fields = this.#fields.slice(this.#evicted);
      this.#evicted = 0;
    }
  }
}
