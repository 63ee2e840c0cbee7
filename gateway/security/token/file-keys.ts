import { readFile, stat } from 'node:fs/promises';
import { MAX_ANSWER_BYTES } from './fetch-text.js';
import { type FoundKeys, KeySet } from './key-set.js';
import type { KeyEvents, KeySource } from './key-source.js';
import type { TokenHead } from './token-form.js';

/** The least time between two looks at the file, in milliseconds. */
const LOOK_MS = 1_000;

/** Keys in a file, which is read again when it has changed. One that cannot be read then changes nothing. */
export class FileKeys implements KeySource {
  version = 1;
  readonly #file: string;
  readonly #events: KeyEvents;
  readonly #now: () => number;
  #keys: KeySet;
  #seen: string;
  #lookedAt: number;
  #looking: Promise<void> | undefined;
  #isFailing = false;

  private constructor(file: string, keys: KeySet, seen: string, events: KeyEvents, now: () => number) {
    this.#file = file;
    this.#keys = keys;
    this.#seen = seen;
    this.#events = events;
    this.#now = now;
    this.#lookedAt = now();
  }

  /** Reads the file. Rejects with an Error that says what is wrong with it. */
  static async open(file: string, events: KeyEvents, now: () => number): Promise<FileKeys> {
    const seen = await markOf(file);
    const keys = await readKeys(file);
    return new FileKeys(file, keys, seen, events, now);
  }

  touch(): boolean {
    if (this.#now() - this.#lookedAt >= LOOK_MS) void this.#look();
    return true;
  }

  async find(head: TokenHead): Promise<FoundKeys> {
    this.touch();
    await this.#looking;
    const { version } = this;
    return { version, keys: await this.#keys.find(head) };
  }

  close(): void {}

  #look(): Promise<void> {
    this.#looking ??= this.#lookNow().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #lookNow(): Promise<void> {
    this.#lookedAt = this.#now();
    try {
      const seen = await markOf(this.#file);
      if (seen === this.#seen) return;
      const keys = await readKeys(this.#file);
      this.#seen = seen;
      this.#isFailing = false;
      if (keys.digest === this.#keys.digest) return;
      this.#keys = keys;
      this.version += 1;
      this.#events.loaded(keys.size);
    } catch (reason) {
      if (!this.#isFailing) this.#events.failed((reason as Error).message);
      this.#isFailing = true;
    }
  }
}

async function markOf(file: string): Promise<string> {
  const { mtimeMs, size, ino } = await stat(file);
  if (size > MAX_ANSWER_BYTES) throw new Error(`it is larger than ${MAX_ANSWER_BYTES} bytes`);
  return `${mtimeMs} ${size} ${ino}`;
}

async function readKeys(file: string): Promise<KeySet> {
  return KeySet.of(await readFile(file, 'utf8'));
}
