import { stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

/** How often files are looked at, at most. Each look is one `stat` a file. */
const LOOK_MS = 1_000;

/**
 * Files of the schema, which are read again when they change. They are looked at and not listened to: a Kubernetes volume replaces a link
 * far above the file, of which no listener is told.
 */
export class WatchedFiles {
  readonly #everyMs: number;
  #files: readonly string[] = [];
  /** What they were when they were read. */
  #read = '';

  /** `everyMs`: how often they are looked at, in milliseconds, and once a second at least; 0: never. */
  constructor(everyMs: number) {
    this.#everyMs = Math.min(everyMs, LOOK_MS);
  }

  get files(): readonly string[] {
    return this.#files;
  }

  /** These are read now. */
  async look(files: readonly string[]): Promise<void> {
    if (this.#everyMs === 0) return;
    this.#files = [...new Set(files)];
    this.#read = await stamp(this.#files);
  }

  /** Calls `onChange` when they are others than those that were read, and have been the same for two looks: nothing half-written is read. */
  watch(onChange: () => void): void {
    if (this.#everyMs > 0 && this.#files.length > 0) void this.#watch(onChange);
  }

  async #watch(onChange: () => void): Promise<never> {
    let last = this.#read;
    for (;;) {
      await delay(this.#everyMs, undefined, { ref: false });
      const now = await stamp(this.#files);
      if (now !== this.#read && now === last) {
        // Also when they cannot be used: they are read once more when they change again.
        this.#read = now;
        onChange();
      }
      last = now;
    }
  }
}

async function stamp(files: readonly string[]): Promise<string> {
  const stamps = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ mtimeMs, size, ino }) => `${mtimeMs} ${size} ${ino}`,
        () => 'absent',
      ),
    ),
  );
  return stamps.join('\n');
}
