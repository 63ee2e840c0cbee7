import type { Metadata } from './metadata.js';

/** The pairs of one block of metadata that travel, in either direction. A `-bin` value of n commas is n + 1 pairs. */
export const MAX_METADATA_PAIRS = 100;

/** The bytes of their names and values that do: many services refuse more, and so do clients in the head of an answer. */
export const MAX_METADATA_BYTES = 8 * 1024;

/**
 * The pairs of one block of metadata as they are made, within both bounds. It takes at most one pair more than may travel: so who passes
 * them on sees that something is missing, and a value of thousands of commas costs no more than a hundred.
 */
export class MetadataBlock {
  readonly #pairs: [string, string][] = [];
  #bytes = 0;

  get pairs(): Metadata {
    return this.#pairs;
  }

  /** It has more than may travel. Nothing more is taken. */
  get isOver(): boolean {
    return this.#pairs.length > MAX_METADATA_PAIRS || this.#bytes > MAX_METADATA_BYTES;
  }

  add(name: string, value: string): void {
    if (this.isOver) return;
    this.#bytes += name.length + value.length;
    this.#pairs.push([name, value]);
  }

  /** The values of a `-bin` name that travel as one, joined by ",", each as `read` has it. */
  addJoined(name: string, joined: string, read: (value: string) => string): void {
    for (let start = 0; start <= joined.length && !this.isOver; ) {
      const comma = joined.indexOf(',', start);
      const end = comma === -1 ? joined.length : comma;
      this.add(name, read(joined.slice(start, end)));
      start = end + 1;
    }
  }
}
