import { z } from 'zod';
import { nearest } from '../../options/index.js';
import { MAX_AFTER_MS, type SlowReaderSettings } from '../../schema/index.js';

// What may stand in the configuration file. A new key of a method belongs into `method`, one of the whole gateway into `content`; each with
// its line in docs/configuration.md.

/** Takes its keys and no others, and names the one that was probably meant. */
function object<Shape extends z.ZodRawShape>(shape: Shape) {
  const allowed = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== 'unrecognized_keys') return `must be a map with ${allowed.join(', ')}`;
      const meant = nearest(String(issue.keys[0]), allowed);
      return `is unknown${meant === undefined ? '' : `, did you mean ${meant}?`}; allowed here: ${allowed.join(', ')}`;
    },
  });
}

function wholeNumber(max: number, min = 1) {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

const KEY_NEEDED = 'must be a field of the response: the newest message of each of its values is kept';

/** What each policy takes beside its name. */
const POLICIES: Readonly<Record<SlowReaderSettings['policy'], readonly string[]>> = {
  pause: [],
  conflate: ['key', 'maxMessages'],
  'drop-oldest': ['maxMessages'],
  disconnect: ['afterMs'],
};

const slowReader = object({
  policy: z.enum(['pause', 'conflate', 'drop-oldest', 'disconnect'], {
    error: `must be one of ${Object.keys(POLICIES).join(', ')}`,
  }),
  key: z.string({ error: KEY_NEEDED }).min(1, { error: KEY_NEEDED }).optional(),
  maxMessages: wholeNumber(2 ** 31 - 1).optional(),
  afterMs: wholeNumber(MAX_AFTER_MS).optional(),
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

const method = object({ slowReader: slowReader.optional() });

const METHOD_NAME = /^[A-Za-z_][\w]*(?:\.[A-Za-z_]\w*)*\/(?:[A-Za-z_]\w*|\*)$/;

/** 0 switches one off. */
const limit = wholeNumber(2 ** 31 - 1, 0).optional();

const limits = object({
  exchangesPerAddress: limit,
  connectionsPerAddress: limit,
  exchanges: limit,
  unfinishedBytes: limit,
});

/** The whole file. */
export const content = object({
  limits: limits.optional(),
  methods: z
    .record(
      z.string().regex(METHOD_NAME, {
        error:
          'is no name of methods: write it package.Service/Method, or package.Service/* for every method of a service',
      }),
      method,
      {
        error: ({ code }) => (code === 'invalid_key' ? undefined : 'must be a map of methods'),
      },
    )
    .optional(),
});

/** What is configured for a method. */
export type MethodConfig = Readonly<z.infer<typeof method>>;

/** What is configured for all clients. */
export type LimitsConfig = Readonly<z.infer<typeof limits>>;

/** What a configuration file says; see docs/configuration.md. */
export interface GatewayConfig {
  /** What clients may have open; a flag of the same name wins. */
  readonly limits?: LimitsConfig | undefined;
  /** By "package.Service/Method", or "package.Service/*" for all of a service. */
  readonly methods?: Readonly<Record<string, MethodConfig>> | undefined;
}
