import { Code } from './code.js';
import { SluiceError } from './sluice-error.js';

/** Fetches a token for whoever asks, one at a time: those who ask meanwhile get the same. Rejects with UNAUTHENTICATED, and the failure as its cause. */
export function sessionToken(auth: () => string | Promise<string>): () => Promise<string> {
  let fetching: Promise<string> | undefined;
  return () => {
    fetching ??= Promise.resolve()
      .then(auth)
      .catch((cause: unknown) => {
        throw new SluiceError(Code.UNAUTHENTICATED, 'auth: the function that gets a token failed', { cause });
      })
      .finally(() => {
        fetching = undefined;
      });
    return fetching;
  };
}
