/** A gate that a loop passes before each step. While it is closed, the loop waits. */
export interface PauseGate {
  readonly closed: boolean;
  close(): void;
  open(): void;
  /** Resolves at once while the gate is open, otherwise when it opens. */
  passed(): Promise<void>;
}

/** Creates an open gate. The code that ends the loop opens the gate, so that the loop can notice its end. */
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
