import { abortable } from './abortable.js';

/*
 * A page that is left may live on, frozen, so that Back shows it at once; and Chromium (156, measured) keeps its requests and
 * WebSockets open meanwhile. To the service it would look like a reader who has stopped reading. So whoever holds a connection lets it go
 * when the page is left, which also is what makes a page fit for that cache everywhere. A page that goes away for good is told in the same way.
 * Source: https://html.spec.whatwg.org/multipage/nav-history-apis.html#event-pagehide
 */

const connections = new Set<() => void>();
let away: Promise<void> | undefined;
let comeBack: () => void = () => undefined;
let watching = false;

/** One pair of listeners for the page's whole life, from the first connection on. Node has no pages, and a worker no such events. */
function watch(): void {
  const target = globalThis as Partial<Pick<EventTarget, 'addEventListener'>>;
  if (watching || target.addEventListener === undefined) return;
  watching = true;
  target.addEventListener('pagehide', () => {
    away ??= new Promise((resolve) => {
      comeBack = resolve;
    });
    for (const leave of [...connections]) leave();
  });
  target.addEventListener('pageshow', () => {
    away = undefined;
    comeBack();
  });
}

/** Calls `leave` when the page is left. Returns what takes that back; whoever asks calls it when the connection is gone. */
export function onPageHide(leave: () => void): () => void {
  watch();
  connections.add(leave);
  return () => connections.delete(leave);
}

/** Resolves at once in a page that is there, else when it is shown again; rejects with the signal's reason. */
export async function whenPageShown(signal: AbortSignal): Promise<void> {
  if (away !== undefined) await abortable(away, signal);
}
