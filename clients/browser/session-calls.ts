import { Code } from './code.js';
import type { CallEnd, Gap, Metadata, ServerFrame } from './session-frame.js';
import { SluiceError } from './sluice-error.js';

/** What a leg tells its call. Nothing is told after `onEnd`, and nothing after `cancel()`. */
export interface LegEvents {
  onOpened(): void;
  /** The service has room for so many more messages. The first grant comes right after `onOpened`. */
  onCredit(messages: number): void;
  onHeaders(metadata: Metadata): void;
  onMessage(data: unknown, cursor: string): void;
  onDropped(count: number): void;
  onGap(gap: Gap): void;
  /** The gateway takes no new calls here and will end this one: whoever can go on elsewhere should. */
  onGoAway(): void;
  onEnd(end: CallEnd): void;
}

/** What one id stands for, from its `open` to its `end`. */
export interface Slot {
  /** How many messages the gateway may still send. */
  allowed: number;
  /** How many we may still send: only to notice a gateway that grants beyond all bounds. */
  granted: number;
  /** Undefined once the call has left: what still comes is thrown away until its end. */
  events: LegEvents | undefined;
}

/** A frame that is about one call. */
export type CallFrame = Exclude<ServerFrame, { readonly type: 'pong' | 'goAway' }>;

/** The calls of one session, by id. */
export interface SessionCalls {
  /** Open ones, and those that were cancelled and whose end has not come. */
  readonly size: number;
  /** Whether this call is still open. */
  has(id: number, slot: Slot): boolean;
  add(id: number, slot: Slot): void;
  /** Gives a frame to its call. Fails with INTERNAL for one that the protocol does not allow now. */
  take(frame: CallFrame): void;
  goAway(): void;
  /** Ends all calls. */
  end(error: SluiceError): void;
}

/** Section 12: all credit of one direction together. */
const maxCredit = 2 ** 31 - 1;

/** Creates a table without calls. */
export function createSessionCalls(): SessionCalls {
  const slots = new Map<number, Slot>();

  const slotOf = (id: number): Slot => {
    const slot = slots.get(id);
    if (slot === undefined) throw broken(`the gateway sent a frame for call ${id}, which is not open`);
    return slot;
  };
  const addCredit = (slot: Slot, messages: number) => {
    slot.granted += messages;
    if (slot.granted > maxCredit) throw broken('the gateway granted too much credit');
    if (messages > 0) slot.events?.onCredit(messages);
  };
  return {
    get size() {
      return slots.size;
    },
    has: (id, slot) => slots.get(id) === slot,
    add(id, slot) {
      slots.set(id, slot);
    },
    take(frame) {
      const slot = slotOf(frame.id);
      switch (frame.type) {
        case 'opened':
          slot.events?.onOpened();
          addCredit(slot, frame.credit);
          return;
        case 'credit':
          addCredit(slot, frame.messages);
          return;
        case 'headers':
          slot.events?.onHeaders(frame.metadata);
          return;
        case 'message':
          if (slot.allowed === 0) {
            throw broken(`the gateway sent more messages than call ${frame.id} had room for`);
          }
          slot.allowed -= 1;
          slot.events?.onMessage(frame.data, frame.cursor);
          return;
        case 'dropped':
          slot.events?.onDropped(frame.count);
          return;
        case 'gap':
          slot.events?.onGap(frame.gap);
          return;
        case 'end':
          slots.delete(frame.id);
          slot.events?.onEnd(frame.end);
      }
    },
    goAway() {
      for (const { events } of [...slots.values()]) events?.onGoAway();
    },
    end(error) {
      const ending = [...slots.values()];
      slots.clear();
      for (const { events } of ending) events?.onEnd({ error, trailers: {} });
    },
  };
}

function broken(text: string): SluiceError {
  return new SluiceError(Code.INTERNAL, text);
}
