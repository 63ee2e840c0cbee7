import { MAX_TIMER_MS } from '../../transport-options.js';

/** Something changes now and then, and others wait for it. */
export class Changes {
  readonly #watchers = new Set<() => void>();

  /** It has changed: everybody who waits goes on. */
  notify(): void {
    for (const watcher of this.#watchers) watcher();
    this.#watchers.clear();
  }

  /** The next change, or the time. */
  next(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const watchers = this.#watchers;
      const timer = setTimeout(watcher, Math.min(timeoutMs, MAX_TIMER_MS));
      function watcher(): void {
        clearTimeout(timer);
        watchers.delete(watcher);
        resolve();
      }
      watchers.add(watcher);
    });
  }
}
