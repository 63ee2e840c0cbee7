/** Why messages were evicted: a bound of their own journal, or the bytes of all journals together. */
export const EVICTION_CAUSES = ['messages', 'bytes', 'age', 'total'] as const;
export type EvictionCause = (typeof EVICTION_CAUSES)[number];
