import { encodeField, encodeTextField } from './encode-field.js';
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
  const json = { '@type': TYPE_URL, reason, domain: ERROR_DOMAIN, ...(entries.length > 0 && { metadata }) };
  let bytes: Uint8Array | undefined;
  return {
    typeUrl: TYPE_URL,
    // Most clients read the JSON alone.
    get value() {
      bytes ??= bytesOfInfo(reason, entries);
      return bytes;
    },
    json,
  };
}

function bytesOfInfo(reason: Reason, entries: readonly (readonly [string, string])[]): Uint8Array {
  return Buffer.concat([
    encodeTextField(1, reason),
    encodeTextField(2, ERROR_DOMAIN),
    ...entries.map(([key, text]) =>
      encodeField(3, Buffer.concat([encodeTextField(1, key), encodeTextField(2, text)])),
    ),
  ]);
}
