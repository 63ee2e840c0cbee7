/** A gate that a loop passes before each step. While it is closed, the loop waits; it may also let pass so many a second. */
export interface PauseGate {
  readonly closed: boolean;
  close(): void;
  open(): void;
  /** How many may pass in a second: 0 is none, infinity any number. */
  slowTo(perSecond: number): void;
  /** Resolves at once while the gate is open and it is not too soon, otherwise when that is so. */
  passed(): Promise<void>;
  /** Nothing is held any more, now and later. */
  end(): void;
}

/** Creates an open gate. The code that ends the loop calls `end`, so that the loop can notice its end. */
export function createPauseGate(): PauseGate {
  let isClosed = false;
  let isOver = false;
  let perSecond = Number.POSITIVE_INFINITY;
  let nextMs = 0;
  let waiting: (() => void)[] = [];
  const changed = () => {
    const woken = waiting;
    waiting = [];
    for (const wake of woken) wake();
  };
  /** How long the next one has to wait, in milliseconds. */
  const waitMs = () => {
    if (isOver) return 0;
    return isClosed || perSecond === 0 ? Number.POSITIVE_INFINITY : nextMs - performance.now();
  };
  return {
    get closed() {
      return isClosed;
    },
    close() {
      isClosed = true;
    },
    open() {
      isClosed = false;
      changed();
    },
    slowTo(given) {
      perSecond = given;
      nextMs = 0;
      changed();
    },
    async passed() {
      for (let left = waitMs(); left > 0; left = waitMs()) {
        let timer: ReturnType<typeof setTimeout> | undefined;
        await new Promise<void>((resolve) => {
          waiting.push(resolve);
          if (left !== Number.POSITIVE_INFINITY) timer = setTimeout(resolve, left);
        });
        clearTimeout(timer);
      }
      nextMs = Math.max(nextMs, performance.now() - 1_000 / perSecond) + 1_000 / perSecond;
    },
    end() {
      isOver = true;
      changed();
    },
  };
}
