import { Code, codeName, httpStatusFromCode, type Status } from '../../status/index.js';

/** How a failure looks to a client of Connect, apart from its text. */
export interface ConnectFailure {
  /** For example "not_found". */
  readonly code: string;
  /** Of an answer whose head has not been sent. */
  readonly httpStatus: number;
}

/**
 * What HTTP says before Connect begins: that there is no such path, no such HTTP method, no such content type. A client that finds no code in such an
 * answer makes these of it, so they are what the answer says as well. Source: https://connectrpc.com/docs/protocol, "HTTP to Error Code".
 */
const OF_HTTP: ReadonlyMap<Status['reason'], ConnectFailure> = new Map([
  ['PATH_NOT_FOUND', { code: 'unimplemented', httpStatus: 404 }],
  ['HTTP_METHOD_NOT_ALLOWED', { code: 'unknown', httpStatus: 405 }],
  ['UNSUPPORTED_CONTENT_TYPE', { code: 'unknown', httpStatus: 415 }],
]);

/** The name of a code: that of gRPC in lower case, and CANCELLED with one l. Source: https://connectrpc.com/docs/protocol, "Error Codes". */
export function connectCodeName(code: Code): string {
  return code === Code.CANCELLED ? 'canceled' : codeName(code).toLowerCase();
}

/** What HTTP says of a failure before there is a message in either direction; `undefined`: nothing, the code says it all. */
export function failureOfHttp({ reason }: Pick<Status, 'reason'>): ConnectFailure | undefined {
  return OF_HTTP.get(reason);
}

/** The code of a failure by its name, and the HTTP status of a unary answer. */
export function connectFailure(status: Pick<Status, 'code' | 'reason'>): ConnectFailure {
  const { code } = status;
  return failureOfHttp(status) ?? { code: connectCodeName(code), httpStatus: httpStatusFromCode(code) };
}
