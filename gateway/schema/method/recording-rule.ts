import type { DescMessage } from '@bufbuild/protobuf';
import { MAX_TIMER_MS } from '../../async/index.js';
import type { RecordingRule } from './method.js';
import { keyField } from './slow-reader-rule.js';

/** What a rule for recordings is made of, wherever it was written; what is left out has its default. */
export type RecordingSettings = {
  readonly [Name in keyof Omit<RecordingRule, 'key'>]?: RecordingRule[Name] | undefined;
} & { readonly key?: string | undefined };

/** The kinds of a method, and what it answers with. */
interface RecordedMethod {
  readonly output: DescMessage;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

const MIB = 1024 * 1024;

/**
 * A screen of prices for a quarter of an hour; as many bytes as four calls may hold of the default for all recordings. A stream that works for somebody who is away
 * says so within a quarter of an hour: one that hangs is not to have a place of its principal until its age ends it.
 */
const DEFAULTS = {
  maxMessages: 10_000,
  maxBytes: 16 * MIB,
  maxAgeMs: 600_000,
  lingerMs: 5_000,
  detachMaxAgeMs: 3_600_000,
  detachMaxSilenceMs: 900_000,
} as const;

/** The longest of the times, in milliseconds: what a timer can count. */
export const MAX_RECORDING_MS = MAX_TIMER_MS;

/** gRPC: the characters of a metadata name. Source: PROTOCOL-HTTP2.md of grpc/grpc, Custom-Metadata. */
const METADATA_NAME = /^[0-9a-z_.-]+$/;

/** The names of the times among the settings. */
const TIMES = ['maxAgeMs', 'lingerMs', 'detachMaxAgeMs', 'detachMaxSilenceMs'] as const;

/**
 * The rule of one method. `undefined` when something does not fit the method, which is told to `report` with the name of the setting: calls are not recorded
 * then, because a recording with other bounds, or shared with others, than somebody meant would be worse than none.
 */
export function recordingRule(
  settings: RecordingSettings,
  method: RecordedMethod,
  report: (problem: string) => void,
): RecordingRule | undefined {
  const { responseStream } = method;
  const { sharing = 'none', whenFull = 'forget-oldest', detach = false } = settings;
  const start = settings.start ?? (sharing === 'none' || !responseStream ? 'beginning' : 'now');
  const key = settings.key === undefined ? undefined : keyField(method.output, settings.key);
  const fault = faultOfKind({ sharing, start }, method) ?? faultOfRecording(settings);
  if (fault !== undefined) report(`${fault.name}: ${fault.problem}`);
  else if (start === 'snapshot' && key === undefined) {
    const name = JSON.stringify(settings.key ?? '');
    report(`key: ${method.output.typeName} has no single scalar field ${name}`);
  } else {
    return {
      sharing,
      maxMessages: settings.maxMessages ?? DEFAULTS.maxMessages,
      maxBytes: settings.maxBytes ?? DEFAULTS.maxBytes,
      maxAgeMs: settings.maxAgeMs ?? DEFAULTS.maxAgeMs,
      whenFull,
      start,
      last: settings.last ?? 0,
      key,
      lingerMs: settings.lingerMs ?? DEFAULTS.lingerMs,
      detach,
      keyMetadata: [...new Set(settings.keyMetadata ?? [])].sort(),
      detachMaxAgeMs: settings.detachMaxAgeMs ?? DEFAULTS.detachMaxAgeMs,
      detachMaxSilenceMs: settings.detachMaxSilenceMs ?? DEFAULTS.detachMaxSilenceMs,
    };
  }
  return undefined;
}

/** A setting, and what is wrong with it. */
interface SettingFault {
  readonly name: keyof RecordingSettings;
  readonly problem: string;
}

/** What is wrong with settings whatever the method is. */
export function faultOfRecording(settings: RecordingSettings): SettingFault | undefined {
  const { sharing = 'none', start = sharing === 'none' ? 'beginning' : 'now', last, key } = settings;
  if (start === 'last' && !last)
    return { name: 'last', problem: 'must say with how many messages start: last begins' };
  if (start !== 'last' && last) return { name: 'last', problem: `has no meaning for start: ${start}` };
  if (start === 'snapshot' && !key)
    return {
      name: 'key',
      problem: 'must be a field of the response: the newest of each of its values comes first',
    };
  if (start !== 'snapshot' && key) return { name: 'key', problem: `has no meaning for start: ${start}` };
  const time = TIMES.find((name) => (settings[name] ?? 0) > MAX_RECORDING_MS);
  if (time !== undefined)
    return { name: time, problem: `must be at most ${MAX_RECORDING_MS} ms, not ${settings[time]}` };
  const wrong = settings.keyMetadata?.find((name) => !METADATA_NAME.test(name) || name.startsWith('grpc-'));
  if (wrong === undefined) return undefined;
  const problem = `${JSON.stringify(wrong)} is no name of metadata: write it in lower case, and without grpc- in front`;
  return { name: 'keyMetadata', problem };
}

/** What the kind of the method has no place for. */
function faultOfKind(
  { sharing, start }: Pick<RecordingRule, 'sharing' | 'start'>,
  { requestStream, responseStream }: RecordedMethod,
): SettingFault | undefined {
  if (requestStream && sharing !== 'none') {
    const problem = 'the method takes a stream of messages, and two of them are not equal before they end';
    return { name: 'sharing', problem };
  }
  if (responseStream || start === 'beginning') return undefined;
  return { name: 'start', problem: 'the method answers with one message, which has no part to start with' };
}
