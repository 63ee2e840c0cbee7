import type { Reason } from './reason.js';
import { RpcError, type RpcErrorOptions } from './rpc-error.js';

/** Errors that are kept, and the longest key of one, in characters: with what is sent of them some 3 MiB at most. */
const MOST_KEPT = 1_000;
const MAX_KEY_LENGTH = 300;

/** By what is said in them. */
const kept = new Map<string, RpcError>();

/**
 * An error that may refuse many clients in the same words: for the same reason, text, problem and wait the same object, so that it and what is sent of it
 * (`RpcError.as`) is made once. All other options must follow from these. At most `MOST_KEPT` are kept: whoever makes many different ones makes each anew.
 */
export function sharedError(reason: Reason, message: string, options: RpcErrorOptions = {}): RpcError {
  const { problem = '', retryAfterMs = 0 } = options;
  const key = `${reason} ${retryAfterMs} ${message} ${problem}`;
  const known = kept.get(key);
  if (known !== undefined) return known;
  const error = new RpcError(reason, message, options);
  if (key.length > MAX_KEY_LENGTH) return error;
  if (kept.size >= MOST_KEPT) kept.clear();
  kept.set(key, error);
  return error;
}
