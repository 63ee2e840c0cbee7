import { CancelSource } from '../async/index.js';
import { decodeCheckResponse, encodeCheckRequest, type Verdict } from '../security/ext-authz/index.js';
import type { AskedRequest, Authorized } from '../security/index.js';
import { Code, RpcError } from '../status/index.js';
import type { Call, Transport } from '../upstream/index.js';
import { authorizedMetadata } from './authorized-metadata.js';
import { denialOf, headersForClient } from './ext-authz-denial.js';

/** The method of every authorization service of Envoy's kind. */
export const CHECK_PATH = '/envoy.service.auth.v3.Authorization/Check';

/** The largest answer of such a service. */
export const MAX_VERDICT_BYTES = 64 * 1024;

const AS_IT_IS: Authorized = { tell: (metadata) => metadata, responseHeaders: {} };

export interface ExtAuthzRules {
  /** How long an answer may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Lets in what is not answered. */
  readonly failureModeAllow: boolean;
  /** Hears of each request that is let in without an answer, and why there was none. */
  readonly onLetIn: (problem: string) => void;
  /** Hears of each header of an answer that cannot be metadata. */
  readonly onLeftOut: (name: string, problem: string) => void;
}

/** An authorization service, which is asked before an exchange begins. Nothing is kept of its answers: who is refused from now on is refused from now on. */
export class ExtAuthz {
  readonly #transport: Pick<Transport, 'open'>;
  readonly #rules: ExtAuthzRules;

  /** Whoever made the transport closes it. */
  constructor(transport: Pick<Transport, 'open'>, rules: ExtAuthzRules) {
    this.#transport = transport;
    this.#rules = rules;
  }

  /**
   * Asks. Rejects with what the service has refused it with, and with UNAVAILABLE when it does not answer in time, or with something else than an answer,
   * unless the operator lets such requests in.
   */
  async ask(asked: AskedRequest): Promise<Authorized> {
    const { timeoutMs, failureModeAllow, onLetIn } = this.#rules;
    let verdict: Verdict;
    try {
      verdict = await this.#check(encodeCheckRequest(asked), timeoutMs);
    } catch (cause) {
      const problem = cause instanceof Error ? cause.message : 'the answer cannot be read';
      if (failureModeAllow) {
        onLetIn(problem);
        return AS_IT_IS;
      }
      throw new RpcError('AUTHORIZATION_UNREACHABLE', 'it cannot be checked now what this client may do', {
        problem: `the authorization service has not answered: ${problem}`,
        retryAfterMs: 1_000,
      });
    }
    if (!verdict.allowed) throw denialOf(verdict);
    const { set, remove, responseHeaders } = verdict;
    return {
      tell: (metadata) => authorizedMetadata(metadata, set, remove, this.#rules.onLeftOut),
      responseHeaders: headersForClient(responseHeaders),
    };
  }

  async #check(request: Uint8Array, timeoutMs: number): Promise<Verdict> {
    const call = this.#transport.open(CHECK_PATH, {
      metadata: [],
      deadline: Date.now() + timeoutMs,
      signal: new CancelSource(),
      maxMessageBytes: MAX_VERDICT_BYTES,
    });
    try {
      await call.write([request]);
      call.halfClose();
      const answer = await firstMessage(call);
      const { code, message } = await call.status;
      if (code === Code.DEADLINE_EXCEEDED) throw new Error(`nothing came within ${timeoutMs} ms`);
      if (code !== Code.OK) throw new Error(`it ended with code ${code}: ${message}`);
      if (answer === undefined) throw new Error('it answered nothing');
      return decodeCheckResponse(answer);
    } finally {
      call.cancel();
    }
  }
}

/** The first message of an answer, copied; the others are passed over. */
async function firstMessage(call: Pick<Call, 'read'>): Promise<Uint8Array | undefined> {
  let first: Uint8Array | undefined;
  for (let batch = await call.read(); batch !== undefined; batch = await call.read())
    for (const message of batch) first ??= Uint8Array.from(message);
  return first;
}
