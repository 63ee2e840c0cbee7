import type { DescMethod, Registry } from '@bufbuild/protobuf';
import type { RecordingRule } from './method.js';
import { optionOfMethod } from './option-of-method.js';
import { recordingRule } from './recording-rule.js';

/** sluice.v1.RecordingRule, as the option is read. */
interface RecordingOption {
  readonly sharing: number;
  readonly maxMessages: number;
  readonly maxBytes: bigint;
  readonly maxAgeMs: number;
  readonly whenFull: number;
  readonly start: number;
  readonly last: number;
  readonly key: string;
  readonly lingerMs: number;
  readonly detach: boolean;
  readonly keyMetadata: readonly string[];
  readonly detachMaxAgeMs: number;
  readonly detachMaxSilenceMs: number;
}

// The enums of sluice.v1.RecordingRule by number; the first is what nobody has said.
const SHARING = [undefined, 'none', 'principal', 'everyone'] as const;
const WHEN_FULL = [undefined, 'forget-oldest', 'pause'] as const;
const START = [undefined, 'now', 'last', 'snapshot', 'beginning'] as const;

/** How the calls of a method are recorded, from `(sluice.v1.recording)`. What does not fit is told to `report`, and they are not. */
export function recordingFromMethod(
  method: DescMethod,
  foreign: Registry,
  report: (problem: string) => void,
): RecordingRule | undefined {
  const rule = optionOfMethod<RecordingOption>(method, 'sluice.v1.recording', foreign, report);
  if (rule === undefined) return undefined;
  const reportRule = (problem: string) => report(`(sluice.v1.recording): ${problem}`);
  for (const [name, values] of Object.entries({ sharing: SHARING, whenFull: WHEN_FULL, start: START })) {
    const number = rule[name as 'sharing' | 'whenFull' | 'start'];
    if (number < values.length) continue;
    reportRule(`${name}: ${number} is unknown here`);
    return undefined;
  }
  const { clientStreaming: requestStream, serverStreaming: responseStream } = method.proto;
  return recordingRule(
    {
      sharing: SHARING[rule.sharing],
      maxMessages: rule.maxMessages || undefined,
      maxBytes: Number(rule.maxBytes) || undefined,
      maxAgeMs: rule.maxAgeMs || undefined,
      whenFull: WHEN_FULL[rule.whenFull],
      start: START[rule.start],
      last: rule.last || undefined,
      key: rule.key || undefined,
      lingerMs: rule.lingerMs || undefined,
      detach: rule.detach,
      keyMetadata: rule.keyMetadata,
      detachMaxAgeMs: rule.detachMaxAgeMs || undefined,
      detachMaxSilenceMs: rule.detachMaxSilenceMs || undefined,
    },
    { output: method.output, requestStream, responseStream },
    reportRule,
  );
}
