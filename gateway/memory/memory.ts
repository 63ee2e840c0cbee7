import { Arena, PAGE_BYTES, pagesOf } from './arena.js';
import { Piece } from './piece.js';

/**
 * Pages of one arena. The C library maps what is larger than 32 MiB by itself and unmaps it as soon as it is given back; of less it keeps
 * the pages, between others that are still in use. Only pages that are used are resident.
 */
const ARENA_PAGES = (34 * 1024 * 1024) / PAGE_BYTES;

/** Pages that stay for the next one when everything else is given back: what moves needs few. */
const KEPT_PAGES = 256;

/** Clients stall by the hundred when this much waits, in bytes. A hundred saturated streams hold less. */
export const CROWD_BYTES = 16 * 1024 * 1024;

/** The same of what waits in ordinary memory, which the C library keeps when it has gone: what Node has read and nobody has taken comes on top. */
export const ORDINARY_BYTES = 6 * 1024 * 1024;

/** How long memory must not have been needed before it is given back, in milliseconds. */
const IDLE_MS = 2_000;

/** Every one of the process: few, and none ever goes. */
const all: Memory[] = [];

/** Bytes that are handed out in pages, of the whole process: 0 when nothing waits. */
export function pagedBytes(): number {
  return all.reduce((sum, { takenBytes }) => sum + takenBytes, 0);
}

/**
 * Memory for what waits: it is handed out in pieces, which are used again as soon as they are released, and is given back to the operating
 * system in large parts once nothing of them is in use. Neither waits for a garbage collection. So what a thousand clients needed who read
 * nothing is gone with them, for the process and for the pod.
 */
export class Memory {
  readonly #arenas: Arena[] = [];
  /** What waits in ordinary memory, in bytes, as those count it who keep it there. */
  ordinaryBytes = 0;
  #taken = 0;
  /** The most pages that were handed out since `#giveBack` looked. */
  #most = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor() {
    all.push(this);
  }

  /** Bytes that are handed out, in whole pages. */
  get takenBytes(): number {
    return this.#taken * PAGE_BYTES;
  }

  /**
   * So much waits that what each client holds counts hundreds of times. The processor has time then: what waits is kept in pages, and as
   * little as possible.
   */
  get isCrowded(): boolean {
    return this.ordinaryBytes >= ORDINARY_BYTES || this.takenBytes + this.ordinaryBytes >= CROWD_BYTES;
  }

  /** Bytes that may be resident for it. */
  get touchedBytes(): number {
    return this.#arenas.reduce((sum, { touched }) => sum + touched, 0) * PAGE_BYTES;
  }

  /** A piece of at least so many bytes, whose contents are anybody's. Whoever takes it must release it. */
  take(bytes: number): Piece {
    const pages = pagesOf(bytes);
    this.#count(pages);
    for (const arena of this.#arenas) {
      const first = arena.take(pages);
      if (first >= 0) return new Piece(this, arena, first, pages);
    }
    const arena = new Arena(Math.max(ARENA_PAGES, pages));
    this.#arenas.push(arena);
    return new Piece(this, arena, arena.take(pages), pages);
  }

  /** Makes a piece larger where it lies, if it can be. */
  extend(piece: Piece, bytes: number): boolean {
    const { arena, first, pages } = piece;
    const wanted = pagesOf(bytes);
    if (!arena.extend(first + pages, first + wanted)) return false;
    this.#count(wanted - pages);
    return true;
  }

  /** The pages of a piece beyond `bytes` are used by others from now on. */
  free({ arena, first, pages }: Piece, bytes: number): void {
    const kept = bytes === 0 ? 0 : pagesOf(bytes);
    arena.release(first + kept, first + pages);
    this.#taken -= pages - kept;
    if (arena.taken > 0 || this.#timer !== undefined) return;
    this.#most = this.#taken;
    this.#timer = setTimeout(this.#giveBack, IDLE_MS).unref();
  }

  #count(pages: number): void {
    this.#taken += pages;
    if (this.#taken > this.#most) this.#most = this.#taken;
  }

  /** An arena that lies idle is given back, unless others have just needed as much. */
  readonly #giveBack = (): void => {
    this.#timer = undefined;
    const arenas = this.#arenas;
    let spare = this.#most - this.#taken + KEPT_PAGES;
    let isLeft = false;
    for (let index = arenas.length - 1; index >= 0; index -= 1) {
      const arena = arenas[index] as Arena;
      if (arena.taken > 0) continue;
      if (arena.touched <= spare) {
        spare -= arena.touched;
        isLeft ||= arena.touched > KEPT_PAGES;
      } else {
        arena.close();
        arenas.splice(index, 1);
      }
    }
    this.#most = this.#taken;
    // What was spared for others is looked at again.
    if (isLeft) this.#timer = setTimeout(this.#giveBack, IDLE_MS).unref();
  };
}

/** The memory of the process. */
export const memory = new Memory();
