/** A gate that a loop passes before each step; closed, it holds the loop. */
export interface PauseGate {
  readonly closed: boolean;
  close(): void;
  open(): void;
  /** Resolves at once while the gate is open, else when it opens. */
  passed(): Promise<void>;
}

/** Creates an open gate. Whoever ends the loop opens it, or the loop never learns of its end. */
export function createPauseGate(): PauseGate {
  let waiting: (() => void)[] | undefined;
  return {
    get closed() {
      return waiting !== undefined;
    },
    close() {
      waiting ??= [];
    },
    open() {
      const held = waiting ?? [];
      waiting = undefined;
      for (const resume of held) resume();
    },
    passed: () =>
      waiting === undefined ? Promise.resolve() : new Promise((resolve) => waiting?.push(resolve)),
  };
}
