import type { DescField, DescMessage } from '@bufbuild/protobuf';
import { MAX_TIMER_MS } from '../../async/index.js';
import type { SlowReaderRule } from './method.js';

/** What a rule for slow readers is made of, wherever it was written. */
export interface SlowReaderSettings {
  readonly policy: SlowReaderRule['policy'];
  readonly key?: string | undefined;
  /** Default 1,000: prices of a whole market, or a screen of a log ten times over. */
  readonly maxMessages?: number | undefined;
  /** Default 30,000: longer than a phone takes to change networks. */
  readonly afterMs?: number | undefined;
}

export const PAUSE: SlowReaderRule = Object.freeze({ policy: 'pause' });

const DEFAULT_MAX_MESSAGES = 1_000;
const DEFAULT_AFTER_MS = 30_000;
export const MAX_AFTER_MS = MAX_TIMER_MS;

/**
 * The rule of one method. What does not fit the method is told to `report`, and the service then waits for slow
 * readers: nothing may be lost by mistake.
 */
export function slowReaderRule(
  settings: SlowReaderSettings,
  method: { readonly output: DescMessage; readonly responseStream: boolean },
  report: (problem: string) => void,
): SlowReaderRule {
  const { policy, maxMessages = DEFAULT_MAX_MESSAGES, afterMs = DEFAULT_AFTER_MS } = settings;
  if (policy === 'pause') return PAUSE;
  if (!method.responseStream) {
    report(`policy ${policy}: the method does not stream its responses`);
    return PAUSE;
  }
  switch (policy) {
    case 'conflate': {
      const key = keyField(method.output, settings.key ?? '');
      if (key !== undefined) return { policy, key, maxMessages };
      report(
        `key: ${method.output.typeName} has no single scalar field ${JSON.stringify(settings.key ?? '')}`,
      );
      return PAUSE;
    }
    case 'drop-oldest':
      return { policy, maxMessages };
    case 'disconnect':
      if (afterMs <= MAX_AFTER_MS) return { policy, afterMs };
      report(`a client may take nothing for at most ${MAX_AFTER_MS} ms, not ${afterMs}`);
      return PAUSE;
  }
}

/** By its name in the proto or in JSON: a configuration is written by people who see either. */
export function keyField(message: DescMessage, name: string): DescField | undefined {
  return message.fields.find(
    (field) =>
      (field.name === name || field.jsonName === name) &&
      (field.fieldKind === 'scalar' || field.fieldKind === 'enum'),
  );
}
