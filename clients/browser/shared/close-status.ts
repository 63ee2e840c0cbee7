import { Code, codeFromNumber, codeName } from './code.js';
import type { JsonObject } from './json.js';
import { GATEWAY_DOMAIN, gatewayDetails, SluiceError } from './sluice-error.js';

type CodesByNumber = { readonly [closeCode: number]: Code };

/**
 * The error of a call whose plain WebSocket closed with this code (PROTOCOL.md, section 8); undefined for OK. `opened` says whether the
 * handshake had succeeded: browsers hide the reason of one that failed.
 */
export function errorFromClose(closeCode: number, reason: string, opened: boolean): SluiceError | undefined {
  if (closeCode === 1000) return undefined;
  if (closeCode >= 4001 && closeCode <= 4016) {
    const code = codeFromNumber(closeCode - 4000);
    const prefix = `${codeName(code)}: `;
    const { text, details } = splitOrigin(reason.startsWith(prefix) ? reason.slice(prefix.length) : reason);
    return new SluiceError(code, text === '' ? codeName(code) : text, { details });
  }
  if (!opened) {
    return new SluiceError(
      Code.UNAVAILABLE,
      'the gateway has not accepted the WebSocket: it is unreachable, does not know the method, or does not allow this origin',
    );
  }
  return new SluiceError(codeFromClose(closeCode), textOf(closeCode, reason));
}

/**
 * The error of the calls of a session that closed with this code (PROTOCOL.md, section 12). Never OK: a close is not the end of a call.
 * `alive` says whether the gateway had sent a frame.
 */
export function errorFromSessionClose(closeCode: number, reason: string, alive: boolean): SluiceError {
  if (closeCode >= 4000) return new SluiceError(codeFromSessionClose(closeCode), textOf(closeCode, reason));
  if (!alive && closeCode === 1006) {
    return new SluiceError(
      Code.UNAVAILABLE,
      'the gateway has not accepted the session: it is unreachable, has no sessions, or does not allow this origin',
    );
  }
  // A gateway never closes a session with 1000: a proxy did.
  const code = closeCode === 1000 ? Code.UNAVAILABLE : codeFromClose(closeCode);
  return new SluiceError(code, textOf(closeCode, reason));
}

/** The text of a close without the ` [sluice/REASON]` at its end, and that reason as details. */
function splitOrigin(text: string): { text: string; details: readonly JsonObject[] } {
  const start = ` [${GATEWAY_DOMAIN}/`;
  const at = text.lastIndexOf(start);
  const reason = at === -1 ? undefined : /^([A-Z0-9_]{1,63})\]$/.exec(text.slice(at + start.length))?.[1];
  if (reason === undefined) return { text, details: [] };
  return { text: text.slice(0, at), details: gatewayDetails(reason) };
}

function codeFromSessionClose(closeCode: number): Code {
  const codes: CodesByNumber = {
    4400: Code.INTERNAL, // this client broke the protocol
    4401: Code.UNAUTHENTICATED,
    4403: Code.PERMISSION_DENIED, // the gateway does not allow the origin of this page
    4408: Code.UNAVAILABLE, // the first frame of this client was late
    4429: Code.RESOURCE_EXHAUSTED, // more calls than this gateway allows: `callsPerSession` is too large for it
  };
  return codes[closeCode] ?? Code.UNKNOWN;
}

function codeFromClose(closeCode: number): Code {
  const codes: CodesByNumber = {
    1001: Code.UNAVAILABLE, // draining
    1002: Code.INTERNAL,
    1003: Code.INVALID_ARGUMENT,
    1005: Code.UNAVAILABLE, // closed without a code, by a proxy
    1006: Code.UNAVAILABLE, // the connection broke
    1007: Code.INVALID_ARGUMENT,
    1008: Code.UNAVAILABLE, // a ping was not answered in time
    1009: Code.RESOURCE_EXHAUSTED,
    1011: Code.INTERNAL,
    1012: Code.UNAVAILABLE,
    1013: Code.UNAVAILABLE,
  };
  return codes[closeCode] ?? Code.UNKNOWN;
}

function textOf(closeCode: number, reason: string): string {
  if (reason !== '') return reason;
  switch (closeCode) {
    case 1001:
      return 'the gateway is going away';
    case 1006:
      return 'the connection was lost';
    case 1009:
      return 'a message is longer than the gateway accepts';
    default:
      return `the WebSocket closed with the code ${closeCode}`;
  }
}
