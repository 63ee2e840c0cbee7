import { readFile, stat } from 'node:fs/promises';
import type { PublishedKey } from '../identity/index.js';
import { readSigningKey, type SigningKey } from './signing-key.js';

/** The least time between two looks at the file, in milliseconds. */
const LOOK_MS = 1_000;

/** The largest key file, in bytes. */
const MAX_KEY_FILE_BYTES = 64 * 1024;

/** Old keys that stay listed, however often the key changes. */
const MAX_RETIRED = 20;

/** Hears of the key that the gateway signs with. */
export interface SigningEvents {
  /** There is another one. */
  loaded(kid: string): void;
  /** The file cannot be used, and the key before it stays; told once, until it can. */
  failed(problem: string): void;
  /** Others on this machine may read it; told once for each state of the file. */
  exposed(problem: string): void;
}

interface FileState {
  readonly mark: string;
  readonly text: string;
  /** Who may do what with it. */
  readonly mode: number;
}

/** The key of a file, which is read again when that has changed, and those before it that tokens may still be signed with. */
export class SigningKeys {
  readonly #file: string;
  readonly #retiredMs: number;
  readonly #events: SigningEvents;
  readonly #now: () => number;
  #key: SigningKey;
  #mark: string;
  #retired: readonly PublishedKey[] = [];
  #lookedAt: number;
  #looking: Promise<void> | undefined;
  #isFailing = false;

  private constructor(
    file: string,
    retiredMs: number,
    events: SigningEvents,
    now: () => number,
    key: SigningKey,
    mark: string,
  ) {
    this.#file = file;
    this.#retiredMs = retiredMs;
    this.#events = events;
    this.#now = now;
    this.#key = key;
    this.#mark = mark;
    this.#lookedAt = now();
  }

  /**
   * Reads the file. `retiredMs`: for how long an old key stays listed; `now`: milliseconds of a clock that never goes back. Rejects with an Error that says
   * what is wrong with it.
   */
  static async open(
    file: string,
    retiredMs: number,
    events: SigningEvents,
    now: () => number,
  ): Promise<SigningKeys> {
    const state = await stateOf(file);
    const key = await readSigningKey(state.text);
    tellExposure(state, events);
    return new SigningKeys(file, retiredMs, events, now, key, state.mark);
  }

  /** The key to sign with now. Looks at the file when it is time, and does not wait for that. */
  get current(): SigningKey {
    if (this.#now() - this.#lookedAt >= LOOK_MS) void this.#look();
    return this.#key;
  }

  /** Those that signatures may be checked with: the one of the file first. */
  async published(): Promise<readonly PublishedKey[]> {
    if (this.#now() - this.#lookedAt >= LOOK_MS) await this.#look();
    await this.#looking;
    this.#forget();
    const { publicJwk } = this.#key;
    const others = this.#retired.filter(({ jwk }) => jwk.kid !== publicJwk.kid);
    return [{ jwk: publicJwk, until: this.#now() + this.#retiredMs }, ...others];
  }

  /** Keeps keys listed that were used before this one was opened. */
  adopt(keys: readonly PublishedKey[]): void {
    this.#retired = [...keys, ...this.#retired].slice(0, MAX_RETIRED);
  }

  #forget(): void {
    const now = this.#now();
    this.#retired = this.#retired.filter(({ until }) => until > now);
  }

  #look(): Promise<void> {
    this.#looking ??= this.#lookNow().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #lookNow(): Promise<void> {
    this.#lookedAt = this.#now();
    try {
      if ((await markOf(this.#file)).mark === this.#mark) return;
      const state = await stateOf(this.#file);
      const key = await readSigningKey(state.text);
      this.#mark = state.mark;
      this.#isFailing = false;
      tellExposure(state, this.#events);
      if (key.kid === this.#key.kid && key.alg === this.#key.alg) return;
      this.#forget();
      this.adopt([{ jwk: this.#key.publicJwk, until: this.#now() + this.#retiredMs }]);
      this.#key = key;
      this.#events.loaded(key.kid);
    } catch (reason) {
      if (!this.#isFailing) this.#events.failed((reason as Error).message);
      this.#isFailing = true;
    }
  }
}

async function markOf(file: string): Promise<Omit<FileState, 'text'>> {
  const { mtimeMs, ctimeMs, size, ino, mode } = await stat(file);
  if (size > MAX_KEY_FILE_BYTES) throw new Error(`it is larger than ${MAX_KEY_FILE_BYTES} bytes`);
  return { mark: `${mtimeMs} ${ctimeMs} ${size} ${ino}`, mode };
}

async function stateOf(file: string): Promise<FileState> {
  const marked = await markOf(file);
  return { ...marked, text: await readFile(file, 'utf8') };
}

function tellExposure({ mode }: FileState, events: SigningEvents): void {
  if ((mode & 0o004) === 0) return;
  const rights = (mode & 0o777).toString(8).padStart(4, '0');
  events.exposed(
    `every user of this machine can read it (mode ${rights}), and so sign as this gateway: take that right away`,
  );
}
