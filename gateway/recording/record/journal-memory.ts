/** A journal, as the bound of all of them knows it. */
export interface Evictable {
  /** What it holds, in bytes. */
  readonly heldBytes: number;
  /** Gives up its oldest part. False when it has none that it may. */
  evictPart(): boolean;
}

const CLASSES = 54;

/**
 * The bytes of all journals together. When there are too many, the oldest part of a journal that holds about the most goes first: a loud call pays for itself, and
 * not its neighbours. Finding it costs the same however many journals there are.
 */
export class JournalMemory {
  readonly #maxBytes: number;
  /** Journals by the size of what they hold, in powers of two; within one, who came first goes first. */
  readonly #classes: Set<Evictable>[] = Array.from({ length: CLASSES }, () => new Set());
  readonly #classOf = new Map<Evictable, { index: number; bytes: number }>();
  #bytes = 0;
  /** Hear that something was given up, one turn each. */
  readonly #waiting = new Set<() => void>();

  /** `maxBytes`: of all journals. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** What all of them hold. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many there are. */
  get size(): number {
    return this.#classOf.size;
  }

  /** Makes room for so many bytes more. False when there is none, and nothing that may go. */
  makeRoom(bytes: number): boolean {
    for (let at = CLASSES - 1; at >= 0 && this.#bytes + bytes > this.#maxBytes; at -= 1) {
      // A journal that evicts moves to another class, or stays and is asked again.
      for (const journal of this.#classes[at] as Set<Evictable>)
        while (this.#bytes + bytes > this.#maxBytes && this.#classOf.get(journal)?.index === at)
          if (!journal.evictPart()) break;
    }
    return this.#bytes + bytes <= this.#maxBytes;
  }

  /** A journal holds what it says from now on. */
  count(journal: Evictable): void {
    const { heldBytes } = journal;
    const index = classOf(heldBytes);
    const known = this.#classOf.get(journal);
    this.#bytes += heldBytes - (known?.bytes ?? 0);
    const isLess = known !== undefined && heldBytes < known.bytes;
    if (known === undefined) {
      this.#classOf.set(journal, { index, bytes: heldBytes });
      this.#classes[index]?.add(journal);
    } else {
      known.bytes = heldBytes;
      if (known.index !== index) {
        this.#classes[known.index]?.delete(journal);
        this.#classes[index]?.add(journal);
        known.index = index;
      }
    }
    if (isLess) this.#tell();
  }

  /** It is gone. */
  remove(journal: Evictable): void {
    const known = this.#classOf.get(journal);
    if (known === undefined) return;
    this.#classOf.delete(journal);
    this.#classes[known.index]?.delete(journal);
    this.#bytes -= known.bytes;
    this.#tell();
  }

  /** Calls `listener` when something is given up, until the function that is returned is called. */
  onRoom(listener: () => void): () => void {
    this.#waiting.add(listener);
    return () => this.#waiting.delete(listener);
  }

  #tell(): void {
    for (const listener of this.#waiting) listener();
  }
}

function classOf(bytes: number): number {
  return bytes === 0 ? 0 : Math.min(CLASSES - 1, 1 + Math.floor(Math.log2(bytes)));
}
