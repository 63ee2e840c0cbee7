/** Longest delay of a Node timer, in milliseconds (24.8 days): it counts in 32 bits, and a longer delay fires at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;
