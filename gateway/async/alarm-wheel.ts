import { MAX_TIMER_MS } from './timer.js';

/** The time of one slot, in milliseconds. */
const SLOT_MS = 10;
/** Slots of the wheel, about ten seconds. What is due later stays in its slot while the wheel turns. */
const SLOTS = 1_024;

const NEVER = Number.POSITIVE_INFINITY;

/** A member of a ring of links; alone it is a ring of its own. */
export class Link {
  next: Link = this;
  previous: Link = this;
  /** When it is due, by the clock of `performance.now`; it counts while the link is in a wheel. */
  dueAt = 0;

  /** Its time has come. */
  ring(): void {}
}

/**
 * Alarms by the slot of time in which they are due, with one timer of Node for all of them. When a slot begins, the few that have not been cleared
 * by then are near: from there each rings at its own millisecond, so that of two who count the same time, we and the service, the one that began
 * first is the first to end. The timer is not put off when alarms are cleared, and stands still when there are none.
 */
export class AlarmWheel {
  /** Each slot is a ring with a link of its own that is no alarm. */
  readonly #slots: (Link | undefined)[] = new Array(SLOTS);
  /** Those of the slot that has begun last, and of all before it. */
  readonly #near = new Link();
  #size = 0;
  #timer: NodeJS.Timeout | undefined;
  /** The time for which the timer is set. */
  #timerAt = NEVER;
  /** The slot that has begun last, as far as the wheel has turned. */
  #slot = slotOf(performance.now());

  /** How many alarms are set. */
  get size(): number {
    return this.#size;
  }

  /** Takes a link that is in no ring. */
  add(link: Link, delayMs: number): void {
    const now = performance.now();
    link.dueAt = now + Math.max(0, delayMs);
    this.#size += 1;
    const slot = slotOf(link.dueAt);
    if (slot <= this.#slot) {
      insert(link, this.#near);
      this.#wakeAt(link.dueAt);
      return;
    }
    const ring = this.#slots[slot % SLOTS] ?? new Link();
    this.#slots[slot % SLOTS] = ring;
    insert(link, ring);
    const begin = slot * SLOT_MS;
    this.#wakeAt(begin > now ? begin : link.dueAt);
  }

  /** Takes back what `add` was given and what has not rung. */
  remove(link: Link): void {
    unlink(link);
    this.#size -= 1;
  }

  /** Sets the timer anew: the clock, or the timers of the process, are others now. Rings what is due. */
  look(): void {
    clearTimeout(this.#timer);
    this.#turn();
  }

  readonly #turn = (): void => {
    this.#timerAt = NEVER;
    const now = performance.now();
    const last = slotOf(now);
    // Whole turns show nothing new.
    for (let slot = Math.max(this.#slot + 1, last - SLOTS + 1); slot <= last; slot += 1) {
      const ring = this.#slots[slot % SLOTS];
      if (ring !== undefined) move(ring, this.#near, (link) => slotOf(link.dueAt) <= last);
    }
    this.#slot = Math.max(this.#slot, last);
    const due = new Link();
    move(this.#near, due, (link) => link.dueAt <= now);
    // One by one: an alarm that rings may clear the next one.
    while (due.next !== due) {
      const link = due.next;
      this.remove(link);
      link.ring();
    }
    this.#wakeAt(this.#nextTime());
  };

  /** When the next one is near, or due, though what is in the slot may be for a later turn. */
  #nextTime(): number {
    let next = NEVER;
    for (let link = this.#near.next; link !== this.#near; link = link.next) next = Math.min(next, link.dueAt);
    if (next < NEVER || this.#size === 0) return next;
    for (let slot = this.#slot + 1; slot <= this.#slot + SLOTS; slot += 1) {
      const ring = this.#slots[slot % SLOTS];
      if (ring !== undefined && ring.next !== ring) return slot * SLOT_MS;
    }
    return NEVER;
  }

  #wakeAt(time: number): void {
    if (time >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = time;
    // Where Node's timer fires a part of a millisecond early, nothing is due yet, and it is set again.
    const delayMs = Math.max(1, Math.ceil(time - performance.now()));
    this.#timer = setTimeout(this.#turn, Math.min(delayMs, MAX_TIMER_MS)).unref();
  }
}

function slotOf(time: number): number {
  return Math.floor(time / SLOT_MS);
}

/** Moves those that are wanted to the end of another ring, in their order. */
function move(from: Link, to: Link, isWanted: (link: Link) => boolean): void {
  for (let link = from.next; link !== from; ) {
    const { next } = link;
    if (isWanted(link)) {
      unlink(link);
      insert(link, to);
    }
    link = next;
  }
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
