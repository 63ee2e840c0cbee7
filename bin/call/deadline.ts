import { UsageError } from '../options/index.js';

const UNIT_MS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/** The milliseconds of a time such as "500ms", "1.5s", "2m" or "1h". Throws `UsageError` that names the flag. */
export function deadlineMs(text: string, flag = '--deadline'): number {
  const [, number, unit] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text) ?? [];
  const ms = Number(number) * UNIT_MS[(unit ?? 'ms') as keyof typeof UNIT_MS];
  if (!(ms > 0)) throw new UsageError(`${flag}: write it like 500ms, 5s, 2m or 1h`);
  return Math.ceil(ms);
}
