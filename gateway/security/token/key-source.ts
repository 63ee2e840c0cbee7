import type { FoundKeys } from './key-set.js';
import type { TokenHead } from './token-form.js';

/** Where an issuer's keys come from. */
export interface KeySource {
  /** Another number as soon as the keys are others: what was checked before has to be checked again. */
  readonly version: number;
  /** Has the keys looked for again when it is time, without waiting for it. False: those that are here no longer count. */
  touch(): boolean;
  /** The keys that may have signed a token; none where there are no such. Rejects with UNAVAILABLE when that cannot be said. */
  find(head: TokenHead): Promise<FoundKeys>;
  /** Ends what is under way. */
  close(): void;
}

/** Hears of the keys of an issuer. */
export interface KeyEvents {
  /** There are other keys. */
  loaded(keys: number): void;
  /** They could not be loaded; told once, until they can. */
  failed(problem: string): void;
}
