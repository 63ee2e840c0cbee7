import { encodeField, encodeNumberField } from './encode-field.js';
import type { StatusDetail } from './status-detail.js';

const RETRY_INFO_URL = 'type.googleapis.com/google.rpc.RetryInfo';

/** A google.rpc.RetryInfo { google.protobuf.Duration retry_delay = 1 }, as bytes and as JSON: in whole milliseconds, and not less than what is given. */
export function retryInfo(delayMs: number): StatusDetail {
  const ms = Math.ceil(delayMs);
  const [seconds, rest] = [Math.floor(ms / 1_000), ms % 1_000];
  const json = { '@type': RETRY_INFO_URL, retryDelay: `${seconds}.${String(rest).padStart(3, '0')}s` };
  return {
    typeUrl: RETRY_INFO_URL,
    // Most clients read the JSON alone.
    get value() {
      const duration = [encodeNumberField(1, seconds), encodeNumberField(2, rest * 1_000_000)];
      return encodeField(1, Buffer.concat(duration));
    },
    json,
  };
}
