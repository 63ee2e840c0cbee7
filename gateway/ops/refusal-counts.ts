import { httpStatusFromCode, type RpcError } from '../status/index.js';
import { RefusalLines } from '../surfaces/index.js';

/** A word for each HTTP status of a refusal. Not from Node, whose words have changed. */
const REASONS: Readonly<Record<number, string>> = {
  400: 'bad_request',
  401: 'unauthenticated',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  406: 'not_acceptable',
  408: 'head_timeout',
  413: 'too_large',
  415: 'unsupported_media_type',
  421: 'wrong_host',
  426: 'upgrade_required',
  429: 'too_many',
  431: 'head_too_large',
  500: 'internal',
  501: 'not_implemented',
  503: 'unavailable',
  504: 'deadline_exceeded',
};
const OTHER = 'other';

/** What was refused before there was a call, by reason. The reasons are fixed and shown from the start, so no client can make more. */
export class RefusalCounts {
  readonly #lines = new RefusalLines();
  readonly #counts = new Map([...Object.values(REASONS), OTHER].map((reason) => [reason, 0]));

  /** Returns how many refusals have had no line of log since the last one that had; -1 where this one is to have none. */
  count(error: RpcError): number {
    const { httpStatus, code } = error;
    const reason = REASONS[httpStatus ?? httpStatusFromCode(code)] ?? OTHER;
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
    return this.#lines.take(error);
  }

  entries(): Iterable<[reason: string, requests: number]> {
    return this.#counts;
  }
}
