import { readFileSync } from 'node:fs';
import type { Reason } from '../../../gateway/status/index.js';

/** A row of the table in PROTOCOL.md, section 17. */
export interface DocumentedReason {
  readonly reason: Reason;
  readonly code: string;
  readonly http: string;
  readonly when: string;
  readonly advice: string;
}

/** The table of reasons in PROTOCOL.md, in its order. */
export function documentedReasons(): DocumentedReason[] {
  const text = readFileSync(new URL('../../../gateway/PROTOCOL.md', import.meta.url), 'utf8');
  const section = /\n## 17\. Reasons\n([\s\S]*?)(?:\n## |$)/.exec(text)?.[1] ?? '';
  return section
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, reason = '', code = '', http = '', when = '', advice = '']) => ({
      reason: reason.replaceAll('`', '') as Reason,
      code,
      http,
      when,
      advice,
    }));
}
