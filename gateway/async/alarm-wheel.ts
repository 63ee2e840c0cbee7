import { MAX_TIMER_MS } from './timer.js';

/** The time of one slot, in milliseconds: so much later than wanted an alarm may ring. */
export const SLOT_MS = 10;
/** Slots of the wheel, about ten seconds. What is due later stays in its slot while the wheel turns. */
const SLOTS = 1_024;

const NEVER = Number.POSITIVE_INFINITY;

/** A member of a ring of links; alone it is a ring of its own. */
export class Link {
  next: Link = this;
  previous: Link = this;
  /** The number of its slot since the start of the clock; it counts while the link is in a wheel. */
  slot = 0;

  /** Its time has come. */
  ring(): void {}
}

/**
 * Alarms by the slot of time in which they are due, with one timer of Node for all of them. The timer is set to the first slot that has any, is
 * not put off when they are cleared, and stands still when there are none.
 */
export class AlarmWheel {
  /** Each slot is a ring with a link of its own that is no alarm. */
  readonly #slots: (Link | undefined)[] = new Array(SLOTS);
  #size = 0;
  #timer: NodeJS.Timeout | undefined;
  /** The slot for which the timer is set. */
  #timerSlot = NEVER;
  /** Everything in this slot and before it has rung. */
  #doneSlot = slotNow();

  /** How many alarms are set. */
  get size(): number {
    return this.#size;
  }

  /** Takes a link that is in no ring. */
  add(link: Link, delayMs: number): void {
    const wanted = Math.ceil((performance.now() + Math.max(0, delayMs)) / SLOT_MS);
    link.slot = Math.max(wanted, this.#doneSlot + 1);
    const at = link.slot % SLOTS;
    const slot = this.#slots[at] ?? new Link();
    this.#slots[at] = slot;
    insert(link, slot);
    this.#size += 1;
    if (link.slot < this.#timerSlot) this.#setTimer(link.slot);
  }

  /** Takes back what `add` was given and what has not rung. */
  remove(link: Link): void {
    unlink(link);
    this.#size -= 1;
  }

  readonly #turn = (): void => {
    this.#timerSlot = NEVER;
    const now = slotNow();
    const due = new Link();
    // Whole turns show nothing new.
    for (let slot = Math.max(this.#doneSlot + 1, now - SLOTS + 1); slot <= now; slot += 1) {
      this.#takeDue(slot % SLOTS, now, due);
    }
    this.#doneSlot = now;
    // One by one: an alarm that rings may clear the next one.
    while (due.next !== due) {
      const link = due.next;
      this.remove(link);
      link.ring();
    }
    const next = this.#nextSlot();
    if (next < this.#timerSlot) this.#setTimer(next);
  };

  #takeDue(at: number, now: number, due: Link): void {
    const slot = this.#slots[at];
    if (slot === undefined) return;
    for (let link = slot.next; link !== slot; ) {
      const { next } = link;
      if (link.slot <= now) {
        unlink(link);
        insert(link, due);
      }
      link = next;
    }
  }

  /** The first slot that has anything, though it may be for a later turn. */
  #nextSlot(): number {
    if (this.#size === 0) return NEVER;
    for (let ahead = 1; ahead <= SLOTS; ahead += 1) {
      const slot = this.#slots[(this.#doneSlot + ahead) % SLOTS];
      if (slot !== undefined && slot.next !== slot) return this.#doneSlot + ahead;
    }
    return NEVER;
  }

  #setTimer(slot: number): void {
    clearTimeout(this.#timer);
    this.#timerSlot = slot;
    // A timer of Node may fire a part of a millisecond early.
    const delayMs = Math.ceil(slot * SLOT_MS - performance.now()) + 1;
    this.#timer = setTimeout(this.#turn, Math.min(Math.max(1, delayMs), MAX_TIMER_MS)).unref();
  }
}

/** The slot that has passed now. */
function slotNow(): number {
  return Math.floor(performance.now() / SLOT_MS);
}

/** At the end of the ring. */
function insert(link: Link, ring: Link): void {
  link.previous = ring.previous;
  link.next = ring;
  ring.previous.next = link;
  ring.previous = link;
}

function unlink(link: Link): void {
  link.previous.next = link.next;
  link.next.previous = link.previous;
  link.next = link;
  link.previous = link;
}
