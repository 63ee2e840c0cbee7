export interface LivenessCheckOptions {
  /** How often to look, in milliseconds. */
  readonly everyMs: number;
  /** Bytes that the other side has not taken yet. */
  readonly unsentBytes: () => number;
  /** Asks the other side for a sign of life. */
  readonly ask: () => void;
  /** Told once when there is none. The pulse has stopped by then. */
  readonly onDead: () => void;
}

/** A look after so many times its time is late: the page stood still (a busy script, a computer that slept). */
const LATE = 1.5;
/** Then what came meanwhile is told first: so long, in milliseconds, or for a shorter pulse its own time. */
const GRACE_MS = 1_000;

/** Notices a connection whose other end has vanished without a word, as a lost radio link or a pulled cable leave it. */
export interface LivenessCheck {
  /** Something came from the other side. */
  heard(): void;
  start(): void;
  stop(): void;
}

/**
 * A script is not told of WebSocket pings, and a browser may take many minutes to notice a dead connection. So after `everyMs` without a
 * frame the other side is asked, and after as long again without an answer it counts as dead: within three times `everyMs`. While it takes
 * what we send it is alive, however long the answer stands behind an upload. A page that stood still looks once more before it believes that.
 */
export function createLivenessCheck({
  everyMs,
  unsentBytes,
  ask,
  onDead,
}: LivenessCheckOptions): LivenessCheck {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wasHeard = false;
  let asked = false;
  let graced = false;
  let unsentBefore = 0;
  /** By the clock, which goes on while a computer sleeps. */
  let dueAt = 0;

  const lookAfter = (ms: number) => {
    dueAt = Date.now() + ms;
    timer = setTimeout(look, ms);
  };
  const look = () => {
    const unsent = unsentBytes();
    const alive = wasHeard || unsent < unsentBefore;
    const isLate = Date.now() - dueAt > (LATE - 1) * everyMs;
    wasHeard = false;
    unsentBefore = unsent;
    if (!alive && asked && isLate && !graced) {
      graced = true;
      lookAfter(Math.min(everyMs, GRACE_MS));
      return;
    }
    graced = false;
    if (alive) asked = false;
    else if (asked) {
      timer = undefined;
      onDead();
      return;
    } else {
      asked = true;
      ask();
    }
    lookAfter(everyMs);
  };
  return {
    heard() {
      wasHeard = true;
    },
    start() {
      if (timer !== undefined) return;
      wasHeard = true;
      asked = false;
      graced = false;
      unsentBefore = 0;
      lookAfter(everyMs);
    },
    stop() {
      clearTimeout(timer);
      timer = undefined;
    },
  };
}
