import { Code, codeFromNumber, codeName } from './code.js';
import { SluiceError } from './sluice-error.js';

/**
 * What a close of the plain WebSocket says about the call (PROTOCOL.md, section 8): undefined for OK, else the error.
 * `opened` is whether the handshake had succeeded: a browser hides why one failed.
 */
export function errorFromClose(closeCode: number, reason: string, opened: boolean): SluiceError | undefined {
  if (closeCode === 1000) return undefined;
  if (closeCode >= 4001 && closeCode <= 4016) {
    const code = codeFromNumber(closeCode - 4000);
    const prefix = `${codeName(code)}: `;
    const text = reason.startsWith(prefix) ? reason.slice(prefix.length) : reason;
    return new SluiceError(code, text === '' ? codeName(code) : text);
  }
  if (!opened) {
    return new SluiceError(
      Code.UNAVAILABLE,
      'the WebSocket was not accepted: the gateway is away, or it knows no such method, or it does not allow this origin',
    );
  }
  return new SluiceError(codeFromClose(closeCode), textOf(closeCode, reason));
}

/**
 * What the close of a session says about its calls (PROTOCOL.md, section 12). `alive` is whether the gateway had said anything on
 * it. Never OK: a session has no end of its own.
 */
export function errorFromSessionClose(closeCode: number, reason: string, alive: boolean): SluiceError {
  if (closeCode >= 4000) return new SluiceError(codeFromSessionClose(closeCode), textOf(closeCode, reason));
  if (!alive && closeCode === 1006) {
    return new SluiceError(
      Code.UNAVAILABLE,
      'the session was not accepted: the gateway is away, or it has no sessions, or it does not allow this origin',
    );
  }
  // 1000 is ours to say: from the other side it is some proxy's doing.
  const code = closeCode === 1000 ? Code.UNAVAILABLE : codeFromClose(closeCode);
  return new SluiceError(code, textOf(closeCode, reason));
}

function codeFromSessionClose(closeCode: number): Code {
  switch (closeCode) {
    case 4400: // we broke a rule
      return Code.INTERNAL;
    case 4401:
      return Code.UNAUTHENTICATED;
    case 4403: // the gateway does not allow the origin of this page
      return Code.PERMISSION_DENIED;
    case 4408: // our first frame came too late
      return Code.UNAVAILABLE;
    case 4429: // more calls than this gateway allows: `callsPerSession` is too large for it
      return Code.RESOURCE_EXHAUSTED;
    default:
      return Code.UNKNOWN;
  }
}

function codeFromClose(closeCode: number): Code {
  switch (closeCode) {
    case 1001: // draining
    case 1005: // closed without a code: some proxy's doing
    case 1006: // the connection broke
    case 1008: // a ping was not answered in time
    case 1012:
    case 1013:
      return Code.UNAVAILABLE;
    case 1003:
    case 1007:
      return Code.INVALID_ARGUMENT;
    case 1009:
      return Code.RESOURCE_EXHAUSTED;
    case 1002:
    case 1011:
      return Code.INTERNAL;
    default:
      return Code.UNKNOWN;
  }
}

function textOf(closeCode: number, reason: string): string {
  if (reason !== '') return reason;
  switch (closeCode) {
    case 1001:
      return 'the gateway is going away';
    case 1006:
      return 'the connection was lost';
    case 1009:
      return 'a message was too long for the gateway';
    default:
      return `the WebSocket was closed with ${closeCode}`;
  }
}
