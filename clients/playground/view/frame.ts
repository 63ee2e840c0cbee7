/** A drawing that takes longer than this gives the browser a frame of its own for everything else. */
const SLOW_MS = 8;
/** So long a drawing waits for a frame: of a page that is not in sight browsers draw none, and a person may look at a preview of it. */
const WITHOUT_FRAME_MS = 1_000;

export interface Frame {
  /** Draws in the next frame of the browser; many requests are one drawing. */
  request(): void;
  stop(): void;
}

/**
 * Draws at frames of the browser, at most one drawing a frame. A drawing that is slow leaves out as many frames as it cost, so that events are handled in
 * time.
 */
export function createFrame(draw: () => void): Frame {
  let handle: number | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let skip = 0;
  const stop = () => {
    if (handle !== undefined) cancelAnimationFrame(handle);
    clearTimeout(timer);
    handle = undefined;
  };
  const now = () => {
    stop();
    const startMs = performance.now();
    draw();
    skip = Math.min(30, Math.floor((performance.now() - startMs) / SLOW_MS));
  };
  const next = () => {
    if (skip > 0) {
      skip -= 1;
      handle = requestAnimationFrame(next);
    } else {
      now();
    }
  };
  return {
    request() {
      if (handle !== undefined) return;
      handle = requestAnimationFrame(next);
      timer = setTimeout(now, WITHOUT_FRAME_MS);
    },
    stop,
  };
}
