import { Code } from './code.js';
import { SluiceError } from './sluice-error.js';

/** The page's own function that gives a token, for `authorization: Bearer`. */
export type Auth = () => string | Promise<string>;

/** The token of a client. */
export interface TokenSource {
  /** As `fetch`, with the token; on 401 once more, with a new one. A request that has `authorization` already goes as it is. */
  readonly fetch: typeof fetch;
  /** Asks for a new token, unless somebody is being answered already: those who ask meanwhile get the same. Rejects with UNAUTHENTICATED, and the failure as its cause. */
  fresh(): Promise<string>;
  /** Forgets the token. Says whether that helps: the gateway had accepted it. */
  renew(): boolean;
}

/** Asks `auth` when the first request needs a token, once for all that wait, and again when the gateway no longer accepts that one. */
export function createTokenSource(auth: Auth, send: typeof fetch): TokenSource {
  let token: Promise<string> | undefined;
  let accepted = false;
  let asking: Promise<string> | undefined;
  const ask = async () => {
    try {
      return await auth();
    } catch (cause) {
      token = undefined;
      const text = (cause as Partial<Error> | undefined)?.message ?? String(cause);
      throw new SluiceError(Code.UNAUTHENTICATED, `auth: the function that gets a token failed: ${text}`, {
        cause,
      });
    } finally {
      asking = undefined;
    }
  };
  const fresh = () => {
    asking ??= Promise.resolve().then(ask);
    token = asking;
    return asking;
  };
  return {
    fresh,
    async fetch(input, init) {
      const headers = new Headers(init?.headers);
      if (headers.has('authorization')) return await send(input, init);
      for (let attempt = 1; ; attempt += 1) {
        token ??= fresh();
        const used = token;
        const text = await used;
        init?.signal?.throwIfAborted();
        headers.set('authorization', `Bearer ${text}`);
        const response = await send(input, { ...init, headers });
        if (response.status !== 401) {
          accepted = true;
          return response;
        }
        // Others may have got a new one meanwhile.
        if (token === used) token = undefined;
        accepted = false;
        if (attempt === 2) return response;
        await response.body?.cancel();
      }
    },
    renew() {
      const helps = accepted;
      token = undefined;
      accepted = false;
      return helps;
    },
  };
}
