// Two ways are compared in turns of a quarter of a second, so that a slow moment of the machine hits both. Whose turn it is
// follows from the clock alone, which all processes of a machine share: nobody has to tell anybody.

const SLICE_MS = 250;
/** At the start of a turn the other way's last calls may still be under way: what falls due here is done, but not counted. */
const GUARD_MS = 30;

/** What is due at `ms`, a time of `nowMs`: `{ way, counted }`, where way is 0 or 1. */
export function sliceAt(ms) {
  return { way: Math.floor(ms / SLICE_MS) % 2, counted: ms % SLICE_MS >= GUARD_MS };
}

/** Milliseconds of a clock that is the same in every process and thread. */
export function nowMs() {
  return Number(process.hrtime.bigint()) / 1e6;
}
