/** How many messages may still be sent. Those who want to send wait for it. */
export interface Credit {
  add(messages: number): void;
  /** Takes all away: the next attempt grants its own. Those who wait go on waiting. */
  reset(): void;
  /** Takes one; false when there is none. */
  tryTake(): boolean;
  /** Takes one as soon as there is one; rejects with the signal's reason. */
  take(signal: AbortSignal): Promise<void>;
}

/** Creates a credit of nothing. */
export function createCredit(): Credit {
  let left = 0;
  const waiting = new Set<() => void>();
  const tryTake = () => {
    if (left === 0) return false;
    left -= 1;
    return true;
  };
  return {
    add(messages) {
      left += messages;
      for (const look of [...waiting]) look();
    },
    reset() {
      left = 0;
    },
    tryTake,
    async take(signal) {
      signal.throwIfAborted();
      if (tryTake()) return;
      await new Promise<void>((resolve, reject) => {
        const onAbort = () => {
          waiting.delete(look);
          reject(signal.reason);
        };
        const look = () => {
          if (!tryTake()) return;
          waiting.delete(look);
          signal.removeEventListener('abort', onAbort);
          resolve();
        };
        waiting.add(look);
        signal.addEventListener('abort', onAbort, { once: true });
      });
    },
  };
}
