import type { NamedHeader, Verdict } from '../security/ext-authz/index.js';
import { Code, httpStatusFromCode, RpcError } from '../status/index.js';

/** What belongs to the connection or to the form of our own answer; all else of a denial reaches the client. */
const OURS = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'te',
  'trailer',
  'content-type',
  'content-length',
  'content-encoding',
  'date',
]);

/** A field name of RFC 9110 section 5.1, in lower case. */
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** The headers that may go out to a client, by name: the last of each counts, and names of HTTP, gRPC and the gateway stay ours. */
export function headersForClient(headers: readonly NamedHeader[]): Record<string, string> {
  const chosen: Record<string, string> = {};
  for (const { name, value } of headers) {
    const isOurs = OURS.has(name) || name.startsWith('grpc-') || name.startsWith('sluice-');
    if (!isOurs && NAME.test(name) && VALUE.test(value)) chosen[name] = value;
  }
  return chosen;
}

/** What an HTTP status of a denial is over gRPC; for others the code of the answer counts, which is PERMISSION_DENIED in most services whatever they mean. */
const CODES: ReadonlyMap<number, Code> = new Map([
  [401, Code.UNAUTHENTICATED],
  [403, Code.PERMISSION_DENIED],
  [404, Code.NOT_FOUND],
  [429, Code.RESOURCE_EXHAUSTED],
  [503, Code.UNAVAILABLE],
]);

/** A refusal as the authorization service wants it: its HTTP status where it names one that refuses, its headers, and its body as the text of the error. */
export function denialOf({
  code,
  httpStatus,
  headers,
  body,
}: Extract<Verdict, { allowed: false }>): RpcError {
  const refuses = httpStatus >= 300 && httpStatus <= 599;
  const status = refuses ? httpStatus : httpStatusFromCode(code);
  return new RpcError('AUTHORIZATION_DENIED', body === '' ? 'the authorization service refuses this' : body, {
    code: (refuses ? CODES.get(httpStatus) : undefined) ?? code,
    httpStatus: status,
    headers: headersForClient(headers),
    problem: `the authorization service has refused it with ${status}`,
  });
}
