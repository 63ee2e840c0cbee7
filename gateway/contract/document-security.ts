import type { AccessRule, JsonObject, Method } from '../schema/index.js';
import { reference } from './json-pieces.js';

/** How clients say who they are, and what that is asked for: of a gateway that knows clients. */
export interface DocumentSecurity {
  /** Of methods that no rule names. */
  readonly access: AccessRule;
  /** Tokens are checked: in the header, by a ticket, or in the sub-protocol of a WebSocket. */
  readonly tokens: boolean;
  /** The cookie that may have a token. */
  readonly cookie: string | undefined;
  /** Certificates of clients count. */
  readonly certificates: boolean;
}

type Way = 'bearer' | 'ticket' | 'cookie' | 'certificate';

const BEARER = {
  type: 'http',
  scheme: 'bearer',
  bearerFormat: 'JWT',
  description: 'A token of an issuer that the gateway knows.',
} as const;
const TICKET = 'Good once: POST /_sluice/ticket gives one for a token.';
const COOKIE = 'The token, for pages of allowed origins.';
const CERTIFICATE = 'The certificate of the client names who calls, where no token does.';

/** Without knowing anything of clients: the service may. */
const OF_SERVICE: JsonObject = {
  authorization: {
    type: 'apiKey',
    in: 'header',
    name: 'authorization',
    description: 'The header is passed on to the service, which decides.',
  },
};

/** The `securitySchemes` of OpenAPI; `undefined`: the gateway knows no clients. */
export function openApiSchemes(security: DocumentSecurity | undefined): JsonObject {
  if (security === undefined) return OF_SERVICE;
  const { tokens, cookie, certificates } = security;
  return {
    ...(tokens && {
      bearer: BEARER,
      ticket: { type: 'apiKey', in: 'query', name: 'ticket', description: TICKET },
    }),
    ...(cookie !== undefined && {
      cookie: { type: 'apiKey', in: 'cookie', name: cookie, description: COOKIE },
    }),
    ...(certificates && { certificate: { type: 'mutualTLS', description: CERTIFICATE } }),
  };
}

/** The same of AsyncAPI. */
export function asyncApiSchemes(security: DocumentSecurity | undefined): JsonObject {
  if (security === undefined) return {};
  const { tokens, cookie, certificates } = security;
  const about = `${BEARER.description} In place of the header it may be an entry of Sec-WebSocket-Protocol: "bearer." and the token in base64url.`;
  return {
    ...(tokens && {
      bearer: { ...BEARER, description: about },
      ticket: { type: 'httpApiKey', in: 'query', name: 'ticket', description: TICKET },
    }),
    ...(cookie !== undefined && {
      cookie: { type: 'httpApiKey', in: 'cookie', name: cookie, description: COOKIE },
    }),
    ...(certificates && { certificate: { type: 'X509', description: CERTIFICATE } }),
  };
}

/** What OpenAPI says of an operation: each entry of `security` is enough. Scopes, and one of the roles, stand in the entry. */
export function openApiAccess(
  security: DocumentSecurity | undefined,
  method: Method,
  httpMethod: string,
): JsonObject {
  if (security === undefined) return {};
  const rule = method.access ?? security.access;
  const words =
    rule.roles.length === 0 ? [[...rule.scopes]] : rule.roles.map((role) => [...rule.scopes, role]);
  const ways = waysOf(security, rule).filter((way) => way !== 'ticket' || httpMethod === 'GET');
  return {
    security: ways.flatMap((way) => words.map((list) => ({ [way]: list }))),
    'x-sluice-access': accessOf(rule),
  };
}

/** The same of AsyncAPI, which has no place for scopes of tokens. */
export function asyncApiAccess(security: DocumentSecurity | undefined, method: Method): JsonObject {
  if (security === undefined) return {};
  const rule = method.access ?? security.access;
  const ways = waysOf(security, rule).map((way) => reference('components', 'securitySchemes', way));
  return { ...(ways.length > 0 && { security: ways }), 'x-sluice-access': accessOf(rule) };
}

/** By what a client can be one whom the rule lets in. A certificate has no scopes. */
function waysOf({ tokens, cookie, certificates }: DocumentSecurity, rule: AccessRule): Way[] {
  if (rule.public) return [];
  const ways: Way[] = tokens ? ['bearer', 'ticket'] : [];
  if (cookie !== undefined) ways.push('cookie');
  if (certificates && rule.scopes.length === 0) ways.push('certificate');
  return ways;
}

function accessOf({ public: isPublic, scopes, roles }: AccessRule): JsonObject {
  return isPublic ? { public: true } : { scopes: [...scopes], roles: [...roles] };
}
