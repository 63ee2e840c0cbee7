import type { PortStates } from './port-states.js';

/** Flags of a connection: its peer has sent a FIN. */
export const PEER_FIN = 1;
/** No process holds its end on this machine any more. */
export const ORPHAN = 2;
/** What was sent has been sent again and again. */
export const UNANSWERED = 4;
/** Nothing waits to be sent or acknowledged. */
export const ALL_TAKEN = 8;

/** Linux's state of a connection whose peer has sent a FIN. Source: include/net/tcp_states.h. */
const CLOSE_WAIT = 0x08;
/** Timers of a connection: data is sent again, or a closed window is probed. Source: get_tcp4_sock in net/ipv4/tcp_ipv4.c. */
const RETRANSMIT = 0x01;
const PROBE = 0x04;
/** How often something must have been sent again: a single answer may be late, or held back by the peer's kernel (tcp_invalid_ratelimit). */
const MANY_TIMES = 2;

const NEWLINE = 0x0a;
const SPACE = 0x20;
const ZERO = 0x30;
const NINE = 0x39;
const COLON = 0x3a;
/** From a letter to its value as a digit, in upper case. */
const FROM_LETTER = 0x41 - 10;

/** Adds the connections of all lines of the kernel's table that are whole in the first `end` bytes, and returns where the last of them ends. */
export function addRows(bytes: Uint8Array, end: number, states: PortStates): number {
  let from = 0;
  for (;;) {
    const lineEnd = bytes.indexOf(NEWLINE, from);
    if (lineEnd < 0 || lineEnd >= end) return from;
    addRow(new Fields(bytes, from, lineEnd), states);
    from = lineEnd + 1;
  }
}

/** A line is `sl: local_address:port rem_address:port st tx_queue:rx_queue tr:tm->when retrnsmt uid timeout inode ...`; the first one has names instead. */
function addRow(fields: Fields, states: PortStates): void {
  fields.skipColon();
  fields.skipColon();
  const local = fields.hex();
  fields.skipColon();
  const remote = fields.hex();
  const state = fields.hex();
  const unsent = fields.hex();
  fields.skipColon();
  fields.hex();
  const timer = fields.hex();
  fields.skipColon();
  fields.hex();
  const retransmits = fields.hex();
  fields.decimal();
  const probes = fields.decimal();
  // A line that ends before its last field is none.
  if (fields.isOver) return;
  const inode = fields.decimal();
  const isUnanswered =
    (timer === RETRANSMIT && retransmits >= MANY_TIMES) || (timer === PROBE && probes >= MANY_TIMES);
  states.add(
    local,
    remote,
    (state === CLOSE_WAIT ? PEER_FIN : 0) |
      (inode === 0 ? ORPHAN : 0) |
      (isUnanswered ? UNANSWERED : 0) |
      (unsent === 0 ? ALL_TAKEN : 0),
  );
}

/** Reads the numbers of a line one after the other. */
class Fields {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(bytes: Uint8Array, from: number, end: number) {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = end;
  }

  get isOver(): boolean {
    return this.#at >= this.#end;
  }

  /** Goes on behind the next colon. */
  skipColon(): void {
    while (this.#at < this.#end && this.#bytes[this.#at] !== COLON) this.#at += 1;
    this.#at += 1;
  }

  /** The next number, in hexadecimal digits. */
  hex(): number {
    return this.#number(16);
  }

  decimal(): number {
    return this.#number(10);
  }

  #number(base: number): number {
    const bytes = this.#bytes;
    while (this.#at < this.#end && bytes[this.#at] === SPACE) this.#at += 1;
    let value = 0;
    for (; this.#at < this.#end; this.#at += 1) {
      const digit = bytes[this.#at] as number;
      if (digit < ZERO || digit === COLON) break;
      value = value * base + (digit <= NINE ? digit - ZERO : digit - FROM_LETTER);
    }
    return value;
  }
}
