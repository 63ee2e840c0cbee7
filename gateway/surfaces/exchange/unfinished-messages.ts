import type { RpcError } from '../../status/index.js';
import { LargestFirst, type Sized } from './largest-first.js';
import { type InLine, LineOfMessages } from './line-of-messages.js';
import { type OnRefusal, tooManyOfAll } from './refusal.js';

/** What each piece of a message costs to hold besides its bytes: without it a client could make us hold any number of small ones. */
export const PIECE_BYTES = 128;

/** This part of the budget may be held besides, by refused messages whose clients have a moment to read why. */
const LEAVING_SHARE = 1 / 4;

/** What the messages of one client hold, in the order in which they began. */
interface Holder extends Sized {
  readonly group: string;
  readonly messages: LineOfMessages<UnfinishedMessage>;
}

/**
 * The bytes of all messages that have begun to come from clients and are not whole: one budget, so that many clients who begin and do
 * not end cannot fill the memory. Where it does not suffice, the client that holds most loses its newest message, so the oldest ones get whole,
 * and a client that holds little is not refused for the sake of one that holds much. Each step costs the logarithm of the number of clients at most.
 */
export class UnfinishedMessages {
  readonly #most: number;
  readonly #onRefusal: OnRefusal;
  readonly #holders = new Map<string, Holder>();
  readonly #bySize = new LargestFirst<Holder>();
  #bytes = 0;
  /** Those that were refused and still hold what they had, in the order of their refusal. */
  readonly #leaving = new LineOfMessages<UnfinishedMessage>();
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
    const holder = this.#holderOf(message.group);
    const before = message.bytes;
    message.bytes = bytes;
    if (before === 0) holder.messages.add(message);
    else if (bytes === 0) holder.messages.delete(message);
    this.#count(holder, bytes - before);
    while (this.#bytes > this.#most) this.#refuseNewest();
  }

  #holderOf(group: string): Holder {
    const known = this.#holders.get(group);
    if (known !== undefined) return known;
    const holder = { group, messages: new LineOfMessages<UnfinishedMessage>(), bytes: 0, heapedAt: 0 };
    this.#holders.set(group, holder);
    this.#bySize.add(holder);
    return holder;
  }

  #count(holder: Holder, bytes: number): void {
    holder.bytes += bytes;
    this.#bytes += bytes;
    if (holder.messages.isEmpty) {
      this.#holders.delete(holder.group);
      this.#bySize.delete(holder);
    } else this.#bySize.changed(holder);
  }

  #refuseNewest(): void {
    const { largest } = this.#bySize;
    const newest = largest?.messages.last;
    if (largest === undefined || newest === undefined) return;
    const { bytes } = newest;
    newest.bytes = 0;
    largest.messages.delete(newest);
    this.#count(largest, -bytes);
    this.#onRefusal('unfinished_bytes');
    newest.refuse(
      tooManyOfAll('unfinished_bytes', 'the unfinished messages of all clients are too large together'),
    );
    if (newest.cut !== undefined) this.#leave(newest, bytes);
  }

  #leave(message: UnfinishedMessage, bytes: number): void {
    message.leavingBytes = bytes;
    this.#leaving.add(message);
    this.#leavingBytes += bytes;
    while (this.#leavingBytes > this.#most * LEAVING_SHARE) {
      const { first } = this.#leaving;
      if (first === undefined) return;
      this.#left(first);
      first.cut?.();
    }
  }

  #left(message: UnfinishedMessage): void {
    if (message.leavingBytes === 0) return;
    this.#leavingBytes -= message.leavingBytes;
    message.leavingBytes = 0;
    this.#leaving.delete(message);
  }
}

/** A message on its way from a client, and after it the next one. */
export class UnfinishedMessage implements InLine<UnfinishedMessage> {
  readonly group: string;
  /** Kept by `UnfinishedMessages`: what it holds, what it holds although it was refused, and its neighbours. */
  bytes = 0;
  leavingBytes = 0;
  before: UnfinishedMessage | undefined;
  after: UnfinishedMessage | undefined;
  /** Why it was refused. */
  refusal: RpcError | undefined;
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

  get isRefused(): boolean {
    return this.refusal !== undefined;
  }

  refuse(reason: RpcError): void {
    this.refusal = reason;
    this.#refuse(reason);
  }
}
