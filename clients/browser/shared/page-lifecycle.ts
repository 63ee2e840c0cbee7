import { abortable } from '../../retry/abortable.js';

/*
 * When the user leaves a page, the browser may keep it frozen so that Back shows it at once. Chromium (156, measured) keeps its requests and
 * WebSockets open meanwhile, and to the service that looks like a reader who has stopped reading. So every connection of this client closes
 * when the page is hidden in this way. That also makes the page eligible for the back/forward cache in all browsers.
 * A page that is closed for good raises the same event.
 * Source: https://html.spec.whatwg.org/multipage/nav-history-apis.html#event-pagehide
 */

const connections = new Set<() => void>();
/** Resolves when the page is shown again; undefined while it is shown. */
let shown: Promise<void> | undefined;
let showAgain: (() => void) | undefined;
let watching = false;

/** Adds one pair of listeners, at the first connection, for the lifetime of the page. Node has no such events, and workers neither. */
function watch(): void {
  if (watching) return;
  watching = true;
  const target = globalThis as Partial<Pick<EventTarget, 'addEventListener'>>;
  target.addEventListener?.('pagehide', () => {
    shown ??= new Promise((resolve) => {
      showAgain = resolve;
    });
    for (const close of [...connections]) close();
  });
  target.addEventListener?.('pageshow', () => {
    showAgain?.();
    shown = undefined;
  });
}

/** Calls `close` when the user leaves the page. Returns a function that removes the callback; the caller calls it when its connection has closed. */
export function onPageHide(close: () => void): () => void {
  watch();
  connections.add(close);
  return () => connections.delete(close);
}

/** Resolves at once while the page is shown, otherwise when it is shown again. Rejects with the signal's reason. */
export async function whenPageShown(signal: AbortSignal): Promise<void> {
  if (shown !== undefined) await abortable(shown, signal);
}
