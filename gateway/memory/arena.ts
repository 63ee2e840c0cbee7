import { giveBack } from './give-back.js';

/** What memory is handed out in: a page of the operating system, in bytes. */
export const PAGE_BYTES = 4_096;

/** How many pages so many bytes need, at least one. */
export function pagesOf(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / PAGE_BYTES));
}

const FREE = 0;
const TAKEN = 1;

/**
 * A stretch of memory of which runs of pages are handed out and taken back. The lowest that fit are handed out first, so that few pages are
 * ever touched: those that are not cost nothing but addresses.
 */
export class Arena {
  readonly #bytes: ArrayBuffer;
  /** Of each page, whether it is handed out. */
  readonly #pages: Uint8Array;
  /** Every page before it is handed out. */
  #lowest = 0;
  #taken = 0;
  /** How many pages have been handed out at the same time, or lay below one that was: no other has been touched. */
  #touched = 0;

  constructor(pages: number) {
    this.#bytes = new ArrayBuffer(pages * PAGE_BYTES);
    this.#pages = new Uint8Array(pages);
  }

  /** Pages that are handed out. */
  get taken(): number {
    return this.#taken;
  }

  /** Pages that may be resident. */
  get touched(): number {
    return this.#touched;
  }

  /** Hands out a run of so many pages; returns the first, or -1 when there is none. */
  take(count: number): number {
    const pages = this.#pages;
    if (pages.length - this.#taken < count) return -1;
    const lowest = pages.indexOf(FREE, this.#lowest);
    this.#lowest = lowest;
    for (let first = lowest; first >= 0; ) {
      const end = first + count;
      if (end > pages.length) return -1;
      const obstacle = pages.indexOf(TAKEN, first);
      if (obstacle < 0 || obstacle >= end) {
        this.#mark(first, end);
        return first;
      }
      first = pages.indexOf(FREE, obstacle);
    }
    return -1;
  }

  /** Hands out the pages from `from` to `to` as well, if all of them are free. */
  extend(from: number, to: number): boolean {
    if (to > this.#pages.length) return false;
    const obstacle = this.#pages.indexOf(TAKEN, from);
    if (obstacle >= 0 && obstacle < to) return false;
    this.#mark(from, to);
    return true;
  }

  /** Takes the pages from `from` to `to` back. */
  release(from: number, to: number): void {
    this.#pages.fill(FREE, from, to);
    this.#taken -= to - from;
    if (from < this.#lowest) this.#lowest = from;
  }

  /** The bytes from the page `first` on. */
  view(first: number, bytes: number): Buffer {
    return Buffer.from(this.#bytes, first * PAGE_BYTES, bytes);
  }

  /** Gives all of it back to the operating system. Nothing may be handed out. */
  close(): void {
    giveBack(this.#bytes);
  }

  #mark(from: number, to: number): void {
    this.#pages.fill(TAKEN, from, to);
    this.#taken += to - from;
    if (to > this.#touched) this.#touched = to;
  }
}
