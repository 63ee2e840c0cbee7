export interface LivenessCheckOptions {
  /** The time between two checks, in milliseconds. */
  readonly everyMs: number;
  /** Bytes that were given to the socket and have not left it. */
  readonly unsentBytes: () => number;
  /** Sends a ping. */
  readonly ping: () => void;
  /** Called once when the gateway counts as gone. The check has stopped by then. */
  readonly onDead: () => void;
}

/** A check that runs this many times later than scheduled is late: a script blocked the page, or the computer slept. */
const LATE_FACTOR = 1.5;
/** A late check runs once more after this time, in milliseconds (or after `everyMs`, if that is shorter), so that frames in between are processed. */
const GRACE_MS = 1_000;

/** Detects a connection whose other end has vanished, for example because a cable was pulled. */
export interface LivenessCheck {
  /** A frame arrived. */
  heard(): void;
  /** Starts the check. Does nothing while it runs. */
  start(): void;
  stop(): void;
}

/**
 * Creates a check, stopped. Scripts do not see WebSocket pings, and a browser may take many minutes to notice a dead connection. So this
 * sends a ping after `everyMs` without a frame, and reports the gateway as gone after the same time again without an answer: within three
 * times `everyMs`. A gateway that accepts bytes is alive, even if its answer waits behind an upload. A late check runs once more first.
 */
export function createLivenessCheck({
  everyMs,
  unsentBytes,
  ping,
  onDead,
}: LivenessCheckOptions): LivenessCheck {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wasHeard = false;
  let pinged = false;
  let graced = false;
  let unsentBefore = 0;
  /** In the time of `Date`, which advances while a computer sleeps. */
  let dueAt = 0;

  const checkAfter = (ms: number) => {
    dueAt = Date.now() + ms;
    timer = setTimeout(check, ms);
  };
  const check = () => {
    const unsent = unsentBytes();
    const alive = wasHeard || unsent < unsentBefore;
    const isLate = Date.now() - dueAt > (LATE_FACTOR - 1) * everyMs;
    wasHeard = false;
    unsentBefore = unsent;
    if (!alive && pinged && isLate && !graced) {
      graced = true;
      checkAfter(Math.min(everyMs, GRACE_MS));
      return;
    }
    graced = false;
    if (alive) pinged = false;
    else if (pinged) {
      timer = undefined;
      onDead();
      return;
    } else {
      pinged = true;
      ping();
    }
    checkAfter(everyMs);
  };
  return {
    heard() {
      wasHeard = true;
    },
    start() {
      if (timer !== undefined) return;
      wasHeard = true;
      pinged = false;
      graced = false;
      unsentBefore = 0;
      checkAfter(everyMs);
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
