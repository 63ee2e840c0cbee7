import { z } from 'zod';
import { CLIENT_LIMITS, type OptionTable } from '../../options/index.js';
import {
  faultOfRecording,
  MAX_AFTER_MS,
  MAX_RECORDING_MS,
  type SlowReaderSettings,
} from '../../schema/index.js';
import { type AuthConfig, access, auth } from './auth.js';
import type { HttpRuleConfig } from './configured-rules.js';
import { http } from './http-rules.js';
import { object } from './object.js';
import { fieldsOf, wholeNumberField } from './option-fields.js';

// What may stand in the configuration file. A new key of a method belongs into `method`, an option into the table of gateway/options; each with
// its line in docs/configuration.md.

const KEY_NEEDED = 'must be a field of the response: the newest message of each of its values is kept';

const METADATA_NEEDED = 'must be a list of names of request metadata';

/** What each policy takes beside its name. */
export const POLICIES: Readonly<Record<SlowReaderSettings['policy'], readonly string[]>> = {
  pause: [],
  conflate: ['key', 'maxMessages'],
  'drop-oldest': ['maxMessages'],
  disconnect: ['afterMs'],
};

export const slowReader = object({
  policy: z.enum(['pause', 'conflate', 'drop-oldest', 'disconnect'], {
    error: `must be one of ${Object.keys(POLICIES).join(', ')}`,
  }),
  key: z.string({ error: KEY_NEEDED }).min(1, { error: KEY_NEEDED }).optional(),
  maxMessages: wholeNumberField('a whole number', 1, 2 ** 31 - 1).optional(),
  afterMs: wholeNumberField('a whole number of milliseconds', 1, MAX_AFTER_MS).optional(),
}).superRefine((settings, context) => {
  const takes = POLICIES[settings.policy];
  for (const name of Object.keys(settings)) {
    if (name === 'policy' || takes.includes(name)) continue;
    const message = `has no meaning for the policy ${settings.policy}, which takes ${takes.join(' and ') || 'nothing'}`;
    context.addIssue({ code: 'custom', path: [name], message });
  }
  if (settings.policy === 'conflate' && settings.key === undefined) {
    context.addIssue({ code: 'custom', path: ['key'], message: KEY_NEEDED });
  }
});

const RECORDING_MS = wholeNumberField('a whole number of milliseconds', 1, MAX_RECORDING_MS);
const MESSAGES = wholeNumberField('a whole number', 1, 2 ** 32 - 1);

/** One of some words. */
function word<const Words extends readonly [string, ...string[]]>(...words: Words) {
  return z.enum(words, { error: `must be one of ${words.join(', ')}` });
}

/** sluice.v1.RecordingRule, in the words of docs/recordings.md. */
const recording = object({
  sharing: word('none', 'principal', 'everyone').optional(),
  maxMessages: MESSAGES.optional(),
  maxBytes: wholeNumberField('a whole number of bytes', 1, Number.MAX_SAFE_INTEGER).optional(),
  maxAgeMs: RECORDING_MS.optional(),
  whenFull: word('forget-oldest', 'pause').optional(),
  start: word('now', 'last', 'snapshot', 'beginning').optional(),
  last: MESSAGES.optional(),
  key: z.string({ error: KEY_NEEDED }).min(1, { error: KEY_NEEDED }).optional(),
  lingerMs: RECORDING_MS.optional(),
  detach: z.boolean({ error: 'must be true or false' }).optional(),
  keyMetadata: z.array(z.string({ error: METADATA_NEEDED }), { error: METADATA_NEEDED }).optional(),
  detachMaxAgeMs: RECORDING_MS.optional(),
  detachMaxSilenceMs: RECORDING_MS.optional(),
}).superRefine((settings, context) => {
  const fault = faultOfRecording(settings);
  if (fault !== undefined) context.addIssue({ code: 'custom', path: [fault.name], message: fault.problem });
});

const RESUME_NEEDED = 'must be the name of a single scalar field';

/** The fields of sluice.v1.StreamRule with which a stream resumes. */
const stream = object({
  cursor: z.string({ error: RESUME_NEEDED }).min(1, { error: RESUME_NEEDED }),
  resume: z.string({ error: RESUME_NEEDED }).min(1, { error: RESUME_NEEDED }),
});

const method = object({
  slowReader: slowReader.optional(),
  stream: stream.optional(),
  recording: recording.optional(),
  access: access.optional(),
});

const METHOD_NAME = /^[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)*\/(?:[A-Za-z_]\w*|\*)$/;

const methods = z.record(
  z.string().regex(METHOD_NAME, {
    error:
      'is not a method name: write package.Service/Method, or package.Service/* for every method of a service',
  }),
  method,
  { error: ({ code }) => (code === 'invalid_key' ? undefined : 'must be a map of methods') },
);

const limits = object(fieldsOf(CLIENT_LIMITS));

/** Sections of the file by name, each with the options that it holds. */
export type FileSections = Readonly<Record<string, OptionTable>>;

type Content = ReturnType<typeof makeContent>;

const CONTENTS = new WeakMap<FileSections, Content>();

/** The whole file: these sections, and `limits`, `methods`, `http` and `auth`. Made once for the same sections. */
export function contentOf(sections: FileSections): Content {
  const content = CONTENTS.get(sections) ?? makeContent(sections);
  CONTENTS.set(sections, content);
  return content;
}

function makeContent(sections: FileSections) {
  const optional = Object.entries(sections).map(
    ([name, table]) => [name, object(fieldsOf(table)).optional()] as const,
  );
  return object({
    ...Object.fromEntries(optional),
    limits: limits.optional(),
    methods: methods.optional(),
    http: http.optional(),
    auth: auth.optional(),
    // Editors look for the schema of a JSON file here.
    $schema: z.string().optional(),
  }).superRefine((file, context) => {
    const { gateway = {}, limits = {} } = file as Partial<Record<string, Record<string, unknown>>>;
    for (const name of Object.keys(limits)) {
      if (gateway[name] === undefined) continue;
      context.addIssue({
        code: 'custom',
        path: ['gateway', name],
        message: `is also set by limits.${name}: leave one of them out`,
      });
    }
  });
}

/** What is configured for a method. */
export type MethodConfig = Readonly<z.infer<typeof method>>;

/** What is configured for all clients. */
export type LimitsConfig = { readonly [Name in keyof typeof CLIENT_LIMITS]?: number | undefined };

/** What a configuration file says of limits, methods and their paths; see docs/configuration.md. */
export interface GatewayConfig {
  /** What clients may have open; a flag of the same name wins. */
  readonly limits?: LimitsConfig | undefined;
  /** By "package.Service/Method", or "package.Service/*" for all of a service. */
  readonly methods?: Readonly<Record<string, MethodConfig>> | undefined;
  /** Who may issue credentials, and what they are for. */
  readonly auth?: AuthConfig | undefined;
  /** The paths of methods, in place of those that their proto says; the last rule that selects a method wins. */
  readonly http?: { readonly rules?: readonly HttpRuleConfig[] | undefined } | undefined;
}
