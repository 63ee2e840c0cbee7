import type { RpcError } from '../../status/index.js';
import { type OnRefusal, tooManyOfAll } from './refusal.js';

/** What each piece of a message costs to hold besides its bytes: without it a client could make us hold any number of small ones. */
export const PIECE_BYTES = 128;

/** This part of the budget may be held besides, by refused messages whose clients have a moment to read why. */
const LEAVING_SHARE = 1 / 4;

/** What the messages of one client hold. The set is in the order in which they began. */
interface Holder {
  readonly group: string;
  readonly messages: Set<UnfinishedMessage>;
  bytes: number;
}

/**
 * The bytes of all messages that have begun to come from clients and are not whole: one budget, so that many clients who begin and do
 * not end cannot fill the memory. Where it does not suffice, the client that holds most loses its newest message, so the oldest ones get whole,
 * and a client that holds little is not refused for the sake of one that holds much.
 */
export class UnfinishedMessages {
  readonly #most: number;
  readonly #onRefusal: OnRefusal;
  readonly #holders = new Map<string, Holder>();
  #bytes = 0;
  /** What refused messages held, in the order of their refusal. */
  readonly #leaving = new Map<UnfinishedMessage, number>();
  #leavingBytes = 0;

  /** `most`: in bytes; 0: any number. */
  constructor(most: number, onRefusal: OnRefusal = () => {}) {
    this.#most = most === 0 ? Number.POSITIVE_INFINITY : most;
    this.#onRefusal = onRefusal;
  }

  /** What is held now. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * For the messages of one exchange or session. `refuse` ends it with what it is given, 503; whoever asks for one calls `holds(0)` at its end.
   * `cut` is for what cannot let go of its bytes while its client is told: it lets go of them at once, when too much leaves at the same time.
   */
  of(group: string, refuse: (reason: RpcError) => void, cut?: () => void): UnfinishedMessage {
    return new UnfinishedMessage(group, refuse, cut, (message, bytes) => this.#change(message, bytes));
  }

  #change(message: UnfinishedMessage, bytes: number): void {
    if (message.isRefused) {
      this.#left(message);
      return;
    }
    let holder = this.#holders.get(message.group);
    if (holder === undefined) {
      holder = { group: message.group, messages: new Set(), bytes: 0 };
      this.#holders.set(message.group, holder);
    }
    this.#count(holder, bytes - message.bytes);
    message.bytes = bytes;
    if (bytes > 0) holder.messages.add(message);
    else this.#forget(holder, message);
    while (this.#bytes > this.#most) this.#refuseNewest();
  }

  #count(holder: Holder, bytes: number): void {
    holder.bytes += bytes;
    this.#bytes += bytes;
  }

  #forget(holder: Holder, message: UnfinishedMessage): void {
    holder.messages.delete(message);
    if (holder.messages.size === 0) this.#holders.delete(holder.group);
  }

  #refuseNewest(): void {
    let largest: Holder | undefined;
    for (const holder of this.#holders.values()) {
      if (largest === undefined || holder.bytes > largest.bytes) largest = holder;
    }
    let newest: UnfinishedMessage | undefined;
    for (const message of largest?.messages ?? []) newest = message;
    if (largest === undefined || newest === undefined) return;
    const { bytes } = newest;
    this.#count(largest, -bytes);
    newest.bytes = 0;
    this.#forget(largest, newest);
    this.#onRefusal('unfinished_bytes');
    newest.refuse(
      tooManyOfAll('unfinished_bytes', 'the unfinished messages of all clients are too large together'),
    );
    if (newest.cut !== undefined) this.#leave(newest, bytes);
  }

  #leave(message: UnfinishedMessage, bytes: number): void {
    this.#leaving.set(message, bytes);
    this.#leavingBytes += bytes;
    for (const oldest of this.#leaving.keys()) {
      if (this.#leavingBytes <= this.#most * LEAVING_SHARE) return;
      this.#left(oldest);
      oldest.cut?.();
    }
  }

  #left(message: UnfinishedMessage): void {
    this.#leavingBytes -= this.#leaving.get(message) ?? 0;
    this.#leaving.delete(message);
  }
}

/** A message on its way from a client, and after it the next one. */
export class UnfinishedMessage {
  readonly group: string;
  /** Kept by `UnfinishedMessages`. */
  bytes = 0;
  isRefused = false;
  readonly cut: (() => void) | undefined;
  readonly #refuse: (reason: RpcError) => void;
  readonly #change: (message: UnfinishedMessage, bytes: number) => void;

  constructor(
    group: string,
    refuse: (reason: RpcError) => void,
    cut: (() => void) | undefined,
    change: (message: UnfinishedMessage, bytes: number) => void,
  ) {
    this.group = group;
    this.#refuse = refuse;
    this.cut = cut;
    this.#change = change;
  }

  /** So much of it is here; 0: it is whole, or gone. It may be refused now, or when another one grows, and then counts no more. */
  holds(bytes: number): void {
    if (this.isRefused ? bytes === 0 : bytes !== this.bytes) this.#change(this, bytes);
  }

  refuse(reason: RpcError): void {
    this.isRefused = true;
    this.#refuse(reason);
  }
}
