import type { Reason } from './reason.js';
import type { StatusDetail } from './status-detail.js';

/** The `domain` of every error that the gateway makes. A service has one of its own, or none. */
export const ERROR_DOMAIN = 'sluice';

/** What a machine may want to know besides the reason, for example the name of a limit and its flag. */
export type ErrorMetadata = Readonly<Record<string, string>>;

const TYPE_URL = 'type.googleapis.com/google.rpc.ErrorInfo';

/** Those without metadata: one list for each reason, made when it is first needed. */
const PLAIN = new Map<Reason, readonly StatusDetail[]>();

/**
 * The details of an error of the gateway: one google.rpc.ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3 },
 * as bytes and as JSON, so that no schema has to know the type. Without metadata it is the same list each time.
 */
export function detailsOfReason(reason: Reason, metadata?: ErrorMetadata): readonly StatusDetail[] {
  if (metadata !== undefined) return [errorInfo(reason, metadata)];
  let details = PLAIN.get(reason);
  if (details === undefined) {
    details = [errorInfo(reason, {})];
    PLAIN.set(reason, details);
  }
  return details;
}

function errorInfo(reason: Reason, metadata: ErrorMetadata): StatusDetail {
  const entries = Object.entries(metadata);
  const value = Buffer.concat([
    stringField(1, reason),
    stringField(2, ERROR_DOMAIN),
    ...entries.map(([key, text]) =>
      bytesField(3, Buffer.concat([stringField(1, key), stringField(2, text)])),
    ),
  ]);
  const json = { '@type': TYPE_URL, reason, domain: ERROR_DOMAIN, ...(entries.length > 0 && { metadata }) };
  return { typeUrl: TYPE_URL, value, json };
}

function stringField(number: number, text: string): Buffer {
  return bytesField(number, Buffer.from(text));
}

function bytesField(number: number, bytes: Buffer): Buffer {
  const head = [(number << 3) | 2];
  let rest = bytes.length;
  for (; rest > 0x7f; rest >>>= 7) head.push((rest & 0x7f) | 0x80);
  head.push(rest);
  return Buffer.concat([Buffer.from(head), bytes]);
}
