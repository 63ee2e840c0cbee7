/** The width of a slot, in milliseconds. */
const SLOT_MS = 100;
/** How far back a slow stream is looked at: long enough for one message every few seconds. */
const SLOTS = 100;
/** A fast stream is judged by its last second, so that a change shows at once. */
const FAST_SLOTS = 10;
const FAST_MESSAGES = 20;
/** Over so many slots a burst may reach. */
const BURST_SLOTS = 3;

/** How many messages come a second. Counts in slots of a fixed number, whatever the rate is. */
export interface MessageRate {
  /** A message came at this time, in milliseconds of one clock that never goes back. */
  count(nowMs: number): void;
  /** Messages a second; undefined as long as there is too little to tell. */
  perSecond(nowMs: number): number | undefined;
  clear(): void;
}

interface Measured {
  readonly messages: number;
  /** Moments at which messages came, behind the first. */
  readonly groups: number;
  readonly perSecond: number | undefined;
}

export function createMessageRate(): MessageRate {
  const counts = new Uint32Array(SLOTS);
  let newest = Number.NEGATIVE_INFINITY;
  let begun = Number.NEGATIVE_INFINITY;

  const moveTo = (slot: number) => {
    if (slot - newest >= SLOTS) counts.fill(0);
    else for (let passed = newest + 1; passed <= slot; passed += 1) counts[passed % SLOTS] = 0;
    if (slot > newest) newest = slot;
  };
  const countAt = (slot: number) => counts[slot % SLOTS] ?? 0;
  /** From one arrival to the last: what came with the first one came before that time. */
  const betweenFrom = (from: number): Measured => {
    let first = from;
    while (first < newest && countAt(first) === 0) first += 1;
    // Messages that were sent together may have come in slots beside each other.
    for (let slots = 1; slots < BURST_SLOTS && first + 1 < newest && countAt(first + 1) > 0; slots += 1)
      first += 1;
    let messages = 0;
    let last = first;
    let groups = 0;
    for (let slot = first + 1; slot <= newest; slot += 1) {
      if (countAt(slot) === 0) continue;
      messages += countAt(slot);
      last = slot;
      groups += 1;
    }
    if (groups === 0) return { messages, groups, perSecond: undefined };
    // A stream that has become silent is slower with every moment.
    const meanGap = (last - first) / groups;
    const end = newest - last > 2 * meanGap ? newest : last;
    return { messages, groups, perSecond: (messages * 1000) / ((end - first) * SLOT_MS) };
  };
  /** What a service says at once, when a stream begins, is not on its beat: it counts only as long as there is little else. */
  const between = (slots: number): Measured => {
    const from = newest - slots + 1;
    const behindFirst = begun + BURST_SLOTS;
    const measured = from < behindFirst && behindFirst < newest ? betweenFrom(behindFirst) : undefined;
    return measured !== undefined && measured.groups > 1 ? measured : betweenFrom(from);
  };
  return {
    count(nowMs) {
      const slot = Math.floor(nowMs / SLOT_MS);
      if (newest === Number.NEGATIVE_INFINITY) begun = slot;
      moveTo(slot);
      counts[slot % SLOTS] = countAt(slot) + 1;
    },
    perSecond(nowMs) {
      if (newest === Number.NEGATIVE_INFINITY) return undefined;
      moveTo(Math.floor(nowMs / SLOT_MS));
      const fast = between(FAST_SLOTS);
      if (fast.messages >= FAST_MESSAGES && fast.perSecond !== undefined) return fast.perSecond;
      const slow = between(SLOTS);
      if (slow.perSecond === undefined && countAll() === 0) return 0;
      return slow.perSecond;
    },
    clear() {
      counts.fill(0);
      newest = Number.NEGATIVE_INFINITY;
    },
  };
  function countAll(): number {
    return counts.reduce((sum, one) => sum + one, 0);
  }
}

/** "2 a second", "0.3 a second". */
export function rateText(perSecond: number): string {
  const rounded = perSecond >= 9.95 ? Math.round(perSecond) : Math.round(perSecond * 10) / 10;
  return `${rounded.toLocaleString('en')} a second`;
}
