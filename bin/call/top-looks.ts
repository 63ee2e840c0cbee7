import { setTimeout as wait } from 'node:timers/promises';
import { Code } from '../../gateway/status/index.js';
import { CallFailure } from './call-end.js';
import { type CallLink, shownAddress } from './call-link.js';
import { askGateway, headersOfMetadata } from './gateway-request.js';
import { failureOfAnswer, readBody } from './link-schema.js';
import { readEvents } from './sse-reader.js';

/** A thousand rows have less. */
const MAX_LOOK_CHARACTERS = 4 * 1024 * 1024;

/** A gateway that starts again is back in less; one that does not is asked no more often than the last of them, in milliseconds. */
const FIRST_WAIT_MS = 250;
const MAX_WAIT_MS = 5_000;

/** What is there to see: a look, as JSON; or that the gateway does not answer, and why. */
export type TopSight = { readonly look: string } | { readonly lost: string };

/**
 * The looks of a gateway, as it sends them. Once there was one, a gateway that goes away or drains is asked again until it is back: each attempt in vain is a
 * sight of its own. Ends with `signal`. Rejects with `CallFailure` where the first attempt fails, and where an answer says that another would be the same.
 */
export async function* topSights(
  link: CallLink,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<TopSight> {
  let waitMs = FIRST_WAIT_MS;
  let wasThere = false;
  while (!signal.aborted) {
    try {
      for await (const look of looks(link, path, signal)) {
        wasThere = true;
        waitMs = FIRST_WAIT_MS;
        yield { look };
      }
    } catch (reason) {
      if (signal.aborted) return;
      if (!wasThere || !(reason instanceof CallFailure) || reason.end.code !== Code.UNAVAILABLE) throw reason;
      yield { lost: reason.end.message };
    }
    await wait(waitMs, undefined, { signal }).catch(() => {});
    waitMs = Math.min(2 * waitMs, MAX_WAIT_MS);
  }
}

/** Those of one connection. Rejects with `CallFailure` when that ends. */
async function* looks(link: CallLink, path: string, signal: AbortSignal): AsyncGenerator<string> {
  const headers = { ...headersOfMetadata(link.metadata), accept: 'text/event-stream' };
  const answer = await askGateway(link, { method: 'GET', path, headers, signal });
  if (answer.statusCode !== 200)
    throw failureOfAnswer(link, answer.statusCode ?? 0, await readBody(answer, MAX_LOOK_CHARACTERS));
  const at = shownAddress(link);
  try {
    for await (const { event, data } of readEvents(answer, MAX_LOOK_CHARACTERS))
      if (event === 'message') yield data;
  } catch (cause) {
    throw new CallFailure({ code: Code.UNAVAILABLE, message: `${at}: ${(cause as Error).message}` }, cause);
  } finally {
    answer.destroy();
  }
  throw new CallFailure({ code: Code.UNAVAILABLE, message: `${at} has ended the connection` });
}
