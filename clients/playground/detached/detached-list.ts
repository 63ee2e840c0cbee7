import { type Client, SluiceError } from '../../browser/index.js';
import { hashFromCall } from '../share/call-link.js';
import { button, element } from '../view/element.js';
import type { DetachedCall, DetachedCalls } from './detached-calls.js';

export interface DetachedList {
  readonly root: HTMLElement;
  /** The calls have changed, or one of them has. */
  show(): void;
}

/** How often the gateway is asked how calls stand that run, in milliseconds; only while somebody can see it. */
const ASK_EVERY_MS = 3_000;

/**
 * The detached calls of this browser, each with how it stands, a link that joins it, and a button that stops it. `open` is also called for a link to where the page is
 * already.
 */
export function createDetachedList(client: Client, known: DetachedCalls, open: () => void): DetachedList {
  const list = element('ol', {});
  const summary = element('summary', {}, 'Calls that go on');
  const root = element('details', { class: 'history detached', open: true, hidden: true }, summary, list);
  const said = element('p', { class: 'unseen', role: 'status' });
  root.append(said);
  /** By location: what is shown of a call. */
  const shown = new Map<string, Entry>();

  const remove = (location: string) => {
    // Who has pressed its button stays near.
    if (shown.get(location)?.root.contains(document.activeElement)) summary.focus();
    known.remove(location);
    show();
  };
  const ask = async ({ location }: DetachedCall, entry: Entry) => {
    try {
      const { state, code, lastCursor } = await client.callState(location);
      entry.show(state === 'ended', stateText(state, code, lastCursor));
    } catch (reason) {
      const why = reason instanceof SluiceError ? reason.reason : undefined;
      if (why === 'CALL_GONE') remove(location);
      // The list sends no headers of a person, so it may be there for one who does.
      else entry.show(why === 'CALL_NOT_FOUND', reason instanceof Error ? reason.message : String(reason));
    }
  };
  const askAll = () => {
    if (document.hidden || !root.open) return;
    for (const call of known.calls) {
      const entry = shown.get(call.location);
      if (entry !== undefined && !entry.isOver) void ask(call, entry);
    }
  };
  const show = () => {
    root.hidden = known.calls.length === 0;
    for (const [location, entry] of shown) {
      if (known.calls.some((call) => call.location === location)) continue;
      shown.delete(location);
      entry.root.remove();
    }
    // The others stay where they are, with the focus that one of them may have.
    for (const call of [...known.calls].reverse()) {
      if (shown.has(call.location)) continue;
      const stop = async () => {
        const { status } = await client.join(call.location).stop();
        said.textContent = `${nameOf(call)}: ${status}`;
        const entry = shown.get(call.location);
        if (entry !== undefined) await ask(call, entry);
      };
      const entry = createEntry(call, { open, stop, remove });
      shown.set(call.location, entry);
      list.prepend(entry.root);
    }
    askAll();
  };
  root.addEventListener('toggle', askAll);
  document.addEventListener('visibilitychange', askAll);
  setInterval(askAll, ASK_EVERY_MS);
  show();
  return { root, show };
}

interface Entry {
  readonly root: HTMLElement;
  readonly isOver: boolean;
  show(isOver: boolean, text: string): void;
}

function createEntry(
  call: DetachedCall,
  on: {
    readonly open: () => void;
    readonly stop: () => Promise<void>;
    readonly remove: (location: string) => void;
  },
): Entry {
  const { path, location, atMs } = call;
  const hash = hashFromCall({ path, request: undefined, location });
  const name = nameOf(call);
  const state = element('span', { class: 'kind past' }, 'asking…');
  const link = element(
    'a',
    { href: hash, title: `Join it: ${location}, begun ${new Date(atMs).toLocaleString()}` },
    element('span', {}, name),
    state,
  );
  link.addEventListener('click', () => {
    if (globalThis.location.hash === hash) on.open();
  });
  let isOver = false;
  const act = button('Stop', { class: 'small', 'aria-label': `Stop ${name}` }, () => {
    if (isOver) on.remove(location);
    else void on.stop();
  });
  return {
    root: element('li', {}, link, act),
    get isOver() {
      return isOver;
    },
    show(over, text) {
      isOver = over;
      state.textContent = text;
      act.textContent = over ? 'Forget' : 'Stop';
      act.setAttribute('aria-label', `${act.textContent} ${name}`);
    },
  };
}

function nameOf({ path }: DetachedCall): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function stateText(state: string, code: number | undefined, lastCursor: string): string {
  const last = lastCursor === '' ? 'no message yet' : `message ${lastCursor.replace(/^~[^.]*\./, '')}`;
  return state === 'running' ? `runs · ${last}` : `ended with code ${code} · ${last}`;
}
