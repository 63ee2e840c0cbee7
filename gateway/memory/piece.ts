import { type Arena, PAGE_BYTES, pagesOf } from './arena.js';

/** Who pieces come from. */
interface Lender {
  extend(piece: Piece, bytes: number): boolean;
  free(piece: Piece, bytes: number): void;
}

/** Memory that was handed out, to be released exactly once it is not looked at any more: the next one writes over it. */
export class Piece {
  readonly arena: Arena;
  readonly first: number;
  /** All of it, or what `trim` has left. */
  buffer: Buffer;
  #pages: number;
  #lender: Lender | undefined;

  constructor(lender: Lender, arena: Arena, first: number, pages: number) {
    this.#lender = lender;
    this.arena = arena;
    this.first = first;
    this.#pages = pages;
    this.buffer = arena.view(first, pages * PAGE_BYTES);
  }

  get pages(): number {
    return this.#pages;
  }

  /** Makes it at least so large, without moving it. False when that cannot be. */
  extend(bytes: number): boolean {
    if (this.#lender?.extend(this, bytes) !== true) return false;
    this.#pages = pagesOf(bytes);
    this.buffer = this.arena.view(this.first, this.#pages * PAGE_BYTES);
    return true;
  }

  /** Keeps the first bytes only, at least one: `buffer` is exactly those. */
  trim(bytes: number): void {
    const pages = pagesOf(bytes);
    if (pages < this.#pages) this.#lender?.free(this, bytes);
    this.#pages = pages;
    this.buffer = this.arena.view(this.first, bytes);
  }

  /** Gives all of it up. Doing so again does nothing. A function of its own, so that it can be handed on as a callback. */
  readonly release = (): void => {
    const lender = this.#lender;
    this.#lender = undefined;
    this.buffer = NOTHING;
    lender?.free(this, 0);
  };
}

const NOTHING = Buffer.alloc(0);
