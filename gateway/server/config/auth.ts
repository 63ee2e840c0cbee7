import { z } from 'zod';
import {
  CERTIFICATE_NAMES,
  DEFAULT_ALGORITHMS,
  DEFAULT_CERTIFICATE_ISSUER,
  faultOfKeyUrl,
  isSecretAlgorithm,
  PUBLIC_KEY_ALGORITHMS,
  SECRET_ALGORITHMS,
} from '../../security/index.js';
import { HeaderRules } from '../../surfaces/index.js';
import { assertUpstreamAddress, faultOfPair } from '../../upstream/index.js';
import { object } from './object.js';
import { wholeNumberField } from './option-fields.js';

// Who may issue tokens, and what they are for: docs/identity.md.

/** The most seconds by which clocks may differ. */
const MAX_TOLERANCE_SECONDS = 300;

const AUDIENCE =
  'must be a list of names, of which a token must have one in aud: without it, a token for somebody else would be taken';
const CLAIM = 'must be the name of a claim, or a path to it with dots';
const ISSUER = 'must be exactly what tokens have in iss';
const FILE = 'must be the name of a file with a JSON Web Key Set';
const ALGORITHMS = `must be a list of ${[...PUBLIC_KEY_ALGORITHMS, ...SECRET_ALGORITHMS].join(', ')}`;
const WORDS = 'must be a list of words without spaces, and not empty';

const text = (error: string) => z.string({ error }).min(1, { error });

const keys = object({
  jwksUrl: z.string({ error: 'must be the address of a JSON Web Key Set' }).optional(),
  discovery: z.literal(true, { error: 'must be true, or left out' }).optional(),
  file: text(FILE).optional(),
}).superRefine((given, context) => {
  const places = Object.values(given).filter((value) => value !== undefined);
  if (places.length !== 1)
    context.addIssue({ code: 'custom', message: 'must have one of jwksUrl, discovery and file' });
  const fault = given.jwksUrl === undefined ? undefined : faultOfKeyUrl(given.jwksUrl);
  if (fault !== undefined) context.addIssue({ code: 'custom', path: ['jwksUrl'], message: fault });
});

const issuer = object({
  issuer: text(ISSUER),
  audience: z.array(text(AUDIENCE), { error: AUDIENCE }).min(1, { error: AUDIENCE }),
  keys,
  algorithms: z
    .array(z.enum([...PUBLIC_KEY_ALGORITHMS, ...SECRET_ALGORITHMS], { error: ALGORITHMS }), {
      error: ALGORITHMS,
    })
    .min(1, { error: ALGORITHMS })
    .default([...DEFAULT_ALGORITHMS])
    .optional(),
  clockToleranceSeconds: wholeNumberField('a whole number of seconds', 0, MAX_TOLERANCE_SECONDS).optional(),
}).superRefine(({ issuer, keys, algorithms = [] }, context) => {
  const issue = (path: string, message: string) =>
    context.addIssue({ code: 'custom', path: [path], message });
  const secret = algorithms.filter(isSecretAlgorithm);
  if (secret.length > 0 && secret.length < algorithms.length)
    issue('algorithms', 'must not mix HS* with others: who knows a public key could sign with it');
  if (secret.length > 0 && keys.file === undefined)
    issue('algorithms', 'must not have HS* unless keys.file has the secret: what is fetched is public');
  const fault = keys.discovery === undefined ? undefined : faultOfKeyUrl(issuer);
  if (fault !== undefined) issue('issuer', `${fault}: with keys.discovery it is asked where its keys are`);
});

/** Metadata that a claim may become. */
const forwardName = z
  .string({ error: 'must be a name of metadata, such as x-user-id' })
  .superRefine((name, context) => {
    const fault = faultOfForward(name);
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
  });

const OWN = new HeaderRules();

function faultOfForward(name: string): string | undefined {
  if (name !== name.toLowerCase()) return 'must be in lower case, as metadata is';
  const fault = faultOfPair(name, '');
  if (fault !== undefined) return `cannot be metadata: ${fault}`;
  if (name === 'authorization') return 'is where the token itself travels: see forwardToken';
  const isOurs =
    name === 'x-request-id' || OWN.travelling.includes(name) || OWN.faultOfOwn(name) !== undefined;
  return isOurs ? 'is set by the gateway already: choose another name' : undefined;
}

const forward = z
  .record(text(CLAIM), forwardName, { error: 'must be a map of claims to names of metadata' })
  .superRefine((given, context) => {
    const seen = new Map<string, string>();
    for (const [claim, name] of Object.entries(given)) {
      const alike = String(name).replace(/[_.]/g, '-').replace(/-bin$/, '');
      const before = seen.get(alike);
      if (before !== undefined)
        context.addIssue({
          code: 'custom',
          path: [claim],
          message: `is forwarded under the name of ${before}, or one that frameworks take for it`,
        });
      seen.set(alike, claim);
    }
  });

const TARGET = 'must be the address of an authorization service, such as 127.0.0.1:9191';

const TLS_FILE = 'must be the name of a file (PEM)';

/** TLS towards an authorization service; `{}` trusts the authorities that Node ships. */
const authzTls = object({
  ca: text(TLS_FILE).optional(),
  cert: text(TLS_FILE).optional(),
  key: text(TLS_FILE).optional(),
  serverName: text('must be the name in the certificate of the service').optional(),
}).superRefine(({ cert, key }, context) => {
  if ((cert === undefined) === (key === undefined)) return;
  context.addIssue({ code: 'custom', message: 'must have both cert and key, or neither' });
});

const extAuthz = object({
  target: text(TARGET).superRefine((target, context) => {
    try {
      assertUpstreamAddress(target);
    } catch {
      context.addIssue({ code: 'custom', message: TARGET });
    }
  }),
  tls: authzTls.optional(),
  timeoutMs: wholeNumberField('a whole number of milliseconds', 1, 10_000).optional(),
  failureModeAllow: z.boolean({ error: 'must be true or false' }).optional(),
  public: z.boolean({ error: 'must be true or false' }).optional(),
});

const KEY_FILE = 'must be the name of a file with a private key: PEM (PKCS#8), or a JSON Web Key';
const OWN_AUDIENCE = 'must be a name, or a list of names, that the tokens have in aud';

const SUBJECT = `must be one of ${CERTIFICATE_NAMES.join(', ')}, or a list of them`;
const ROLES = 'must be a map of roles to lists of subjects; one that ends in * is for all that begin so';

/** Certificates of clients. */
const clientCertificates = object({
  subject: z
    .union([z.enum(CERTIFICATE_NAMES), z.array(z.enum(CERTIFICATE_NAMES)).min(1)], { error: SUBJECT })
    .optional(),
  issuer: text('must be a name of your choice, such as mtls').optional(),
  roles: z
    .record(text(ROLES), z.array(text(ROLES), { error: ROLES }).min(1, { error: ROLES }), { error: ROLES })
    .optional(),
});

/** Seconds for which a token of our own may last. */
const MIN_TTL_SECONDS = 10;
const MAX_TTL_SECONDS = 3_600;

/** Tokens of our own, in place of the client's. */
const sign = object({
  keyFile: text(KEY_FILE),
  issuer: text('must be what the tokens have in iss'),
  ttlSeconds: wholeNumberField('a whole number of seconds', MIN_TTL_SECONDS, MAX_TTL_SECONDS).optional(),
  audience: z
    .union([text(OWN_AUDIENCE), z.array(text(OWN_AUDIENCE), { error: OWN_AUDIENCE }).min(1)], {
      error: OWN_AUDIENCE,
    })
    .optional(),
});

const COOKIE = 'must be the name of a cookie: letters, digits and -_.';
/** A token of RFC 9110 section 5.6.2, which is what a name of a cookie is (RFC 6265 section 4.1.1). */
const COOKIE_NAME = /^[\w!#$%&'*+.^`|~-]{1,128}$/;
const TICKET_MS = 'a whole number of milliseconds';

const DEFAULT = 'must be authenticated or public';

/** The key `auth` of the file. */
export const auth = object({
  issuers: z
    .array(issuer, { error: 'must be a list of issuers' })
    .superRefine((issuers, context) => {
      const seen = new Set<string>();
      for (const [index, one] of issuers.entries()) {
        if (seen.has(one.issuer))
          context.addIssue({ code: 'custom', path: [index, 'issuer'], message: 'is there twice' });
        seen.add(one.issuer);
      }
    })
    .optional(),
  default: z.enum(['authenticated', 'public'], { error: DEFAULT }).optional(),
  documents: z.enum(['authenticated', 'public'], { error: DEFAULT }).optional(),
  scopesClaim: text(CLAIM).optional(),
  rolesClaim: text(CLAIM).optional(),
  tenantClaim: text(CLAIM).optional(),
  forward: forward.optional(),
  forwardToken: z.boolean({ error: 'must be true or false' }).optional(),
  cookie: object({ name: z.string({ error: COOKIE }).regex(COOKIE_NAME, { error: COOKIE }) }).optional(),
  ticket: object({ ttlMs: wholeNumberField(TICKET_MS, 1_000, 600_000).optional() }).optional(),
  audit: z.boolean({ error: 'must be true or false' }).optional(),
  extAuthz: extAuthz.optional(),
  sign: sign.optional(),
  clientCertificates: clientCertificates.optional(),
}).superRefine((given, context) => {
  const { sign, forwardToken, issuers = [], clientCertificates } = given;
  // What stands for a token is nothing where no token counts.
  for (const key of ['cookie', 'ticket'] as const) {
    if (given[key] === undefined || issuers.length > 0) continue;
    context.addIssue({
      code: 'custom',
      path: [key],
      message: 'needs auth.issuers: without them the gateway accepts no tokens',
    });
  }
  const named = clientCertificates?.issuer ?? DEFAULT_CERTIFICATE_ISSUER;
  if (clientCertificates !== undefined && issuers.some(({ issuer }) => issuer === named)) {
    const message = 'must not be the name of an issuer of tokens: their subjects would be the same';
    context.addIssue({ code: 'custom', path: ['clientCertificates', 'issuer'], message });
  }
  if (sign === undefined || forwardToken !== true) return;
  const message = 'must not be true beside auth.sign: the service gets one token, and that is ours';
  context.addIssue({ code: 'custom', path: ['forwardToken'], message });
});

const ACCESS = 'must be public, authenticated, or a map with scopes and roles';
const words = z
  .array(z.string({ error: WORDS }).regex(/^\S+$/, { error: WORDS }), { error: WORDS })
  .min(1, { error: WORDS });

const asked = object({ scopes: words.optional(), roles: words.optional() }).superRefine((given, context) => {
  if (given.scopes === undefined && given.roles === undefined)
    context.addIssue({
      code: 'custom',
      message: 'must have scopes or roles: write authenticated for neither',
    });
});

/** The key `access` of a method. */
export const access = z.union([z.enum(['public', 'authenticated']), asked], {
  // What is wrong within a map is said there.
  error: (issue) => (isMap(issue.input) ? undefined : ACCESS),
});

function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export type AuthConfig = Readonly<z.infer<typeof auth>>;
export type AccessConfig = z.infer<typeof access>;
