import type { Metadata, Status } from '../../status/index.js';

/** What a client of a session sends, whatever the sub-protocol. Source: proto/sluice/v1/session.proto, ClientFrame. */
export type ClientFrame =
  | {
      readonly kind: 'open';
      readonly id: number;
      /** "pkg.Service/Method"; empty where `location` is not. */
      readonly method: string;
      readonly metadata: Metadata;
      /** 0: the default of the method. */
      readonly timeoutMs: number;
      readonly credit: number;
      /** 0: the credit of this call is in messages only. */
      readonly creditBytes: number;
      /** Empty: from the start. */
      readonly cursor: string;
      /** Where the call is found that is joined; empty: a call is begun. */
      readonly location: string;
      /** The call is to go on without its client. */
      readonly detach: boolean;
      /** Two calls of a principal with the same one are one call; empty: it has none. */
      readonly idempotencyKey: string;
    }
  /** `data`: the message as the sub-protocol spells it, not checked; no bytes at all are an empty message in both. */
  | { readonly kind: 'message'; readonly id: number; readonly data: Buffer }
  | { readonly kind: 'halfClose'; readonly id: number }
  | { readonly kind: 'cancel'; readonly id: number }
  | { readonly kind: 'stop'; readonly id: number }
  | { readonly kind: 'credit'; readonly id: number; readonly messages: number; readonly bytes: number }
  | { readonly kind: 'ping'; readonly token: string }
  | { readonly kind: 'auth'; readonly token: string };

/** What the gateway sends besides messages, which are written around the bytes of the service instead. */
export type ServerFrame =
  /** `creditBytes`, and `bytes` of a credit: undefined for a call whose credit is in messages only. */
  | {
      readonly kind: 'opened';
      readonly id: number;
      readonly credit: number;
      readonly creditBytes?: number | undefined;
      /** Where it is found, if it goes on without its client. */
      readonly location?: string | undefined;
    }
  | { readonly kind: 'headers'; readonly id: number; readonly metadata: JoinedMetadata }
  | {
      readonly kind: 'end';
      readonly id: number;
      readonly status: Status;
      readonly trailers: JoinedMetadata;
      readonly truncated: boolean;
    }
  | {
      readonly kind: 'credit';
      readonly id: number;
      readonly messages: number;
      readonly bytes?: number | undefined;
    }
  | { readonly kind: 'pong'; readonly token: string }
  | { readonly kind: 'gap'; readonly id: number; readonly requested: string; readonly resumed: string }
  | { readonly kind: 'dropped'; readonly id: number; readonly count: number }
  /** `expiresInMs`: undefined where it does not end. */
  | { readonly kind: 'authenticated'; readonly expiresInMs: number | undefined }
  | { readonly kind: 'authExpires'; readonly inMs: number }
  | { readonly kind: 'goAway'; readonly graceMs: number; readonly reconnectAfterMs: number };

/** Metadata with one value a name: those of one name joined by ",". */
export type JoinedMetadata = ReadonlyMap<string, string>;

/** The sub-protocols, by the name that is offered in the handshake. */
export const JSON_PROTOCOL = 'sluice.v1.json';
export const PROTO_PROTOCOL = 'sluice.v1.proto';

/** Where sessions are opened. */
export const SESSION_PATH = '/_sluice/session';

/** The most credit that one direction of a call may have, in messages and in bytes. */
export const MAX_CREDIT = 2 ** 31 - 1;

/** Close codes of a session that RFC 6455 does not have. Source: gateway/PROTOCOL.md section 12. */
export const SessionCloseCode = {
  broken: 4400,
  unauthenticated: 4401,
  forbidden: 4403,
  silent: 4408,
  tooMany: 4429,
} as const;

/** The client broke a rule of the session, which is closed for it. */
export class SessionFault extends Error {
  override readonly name = 'SessionFault';
  readonly closeCode: number;

  /** `message` is the reason of the close frame: it says what was wrong. */
  constructor(message: string, closeCode: number = SessionCloseCode.broken) {
    super(message);
    this.closeCode = closeCode;
  }
}

/** The largest number of a frame. */
export const MAX_UINT32 = 2 ** 32 - 1;

/** Why a field holds no number that a frame may have. */
export function notUint32(name: string, given: string): string {
  return `${shortQuote(name)} must be a whole number from 0 to ${MAX_UINT32}, not ${shortQuote(given)}`;
}

/** A text in quotation marks: close reasons are short. */
export function shortQuote(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text);
}

/** The first of the sub-protocols offered, in their order, that is one of ours. */
export function chooseProtocol(offered: Iterable<string>): string | undefined {
  for (const protocol of offered) {
    if (protocol === JSON_PROTOCOL || protocol === PROTO_PROTOCOL) return protocol;
  }
  return undefined;
}

/** Values of one name joined, in the order in which the names came first. */
export function joinMetadata(metadata: Metadata): JoinedMetadata {
  const joined = new Map<string, string>();
  for (const [name, value] of metadata) {
    const before = joined.get(name);
    joined.set(name, before === undefined ? value : `${before},${value}`);
  }
  return joined;
}
