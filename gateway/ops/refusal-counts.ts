import { TokenBucket } from '../security/index.js';
import { httpStatusFromCode, type Reason, type RpcError } from '../status/index.js';

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

/** Refusals that come in floods, as many as a client likes: they share these lines of log, at once and in a second. */
const OF_LIMITS: ReadonlySet<Reason> = new Set([
  'RATE_LIMIT',
  'ADDRESS_LIMIT',
  'PRINCIPAL_LIMIT',
  'GATEWAY_LIMIT',
]);
const LINES = { burst: 100, perSecond: 10 };

/** What was refused before there was a call, by reason. The reasons are fixed and shown from the start, so no client can make more. */
export class RefusalCounts {
  readonly #lines = new TokenBucket(LINES.burst, LINES.perSecond);
  #unlogged = 0;
  readonly #counts = new Map([...Object.values(REASONS), OTHER].map((reason) => [reason, 0]));

  /** Returns how many refusals have had no line of log since the last one that had; -1 where this one is to have none. */
  count({ httpStatus, code, reason: why }: RpcError): number {
    const reason = REASONS[httpStatus ?? httpStatusFromCode(code)] ?? OTHER;
    this.#counts.set(reason, (this.#counts.get(reason) ?? 0) + 1);
    if (!OF_LIMITS.has(why)) return 0;
    if (!this.#lines.take()) {
      this.#unlogged += 1;
      return -1;
    }
    const unlogged = this.#unlogged;
    this.#unlogged = 0;
    return unlogged;
  }

  entries(): Iterable<[reason: string, requests: number]> {
    return this.#counts;
  }
}
