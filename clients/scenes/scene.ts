// What every scene needs: a client for the gateway that served the page, elements by id, and a line that says how things stand.
import { createClient, SluiceError } from '../browser/index.js';

/** The URL of the gateway, without a slash at the end: scenes lie at `/_sluice/page/scenes/`, whatever path a proxy puts before that. */
export const GATEWAY = new URL('../../..', document.baseURI).href.replace(/\/$/, '');

export const client = createClient({ baseUrl: GATEWAY });

/** The service that the scenes are for. */
export const SERVICE = 'streaming.StreamingService';

const SCENES = {
  market: 'Market',
  logs: 'Logs',
  files: 'Files',
  sensors: 'Sensors',
  batch: 'Batch',
  chat: 'Chat',
  game: 'Game',
  editor: 'Editor',
  data: 'Data',
};

/** The element of the page with this id. Throws where the page has none of that kind. */
export function find<Kind extends Element>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`the page has no ${kind.name} with the id ${id}`);
}

/** Makes an element. Strings become text, never markup, so no text of the service can become HTML. */
export function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Says how things stand, to a screen reader as well. */
export function say(text: string): void {
  const line = find('status', HTMLElement);
  line.classList.remove('problem');
  line.textContent = text;
}

/** Says what went wrong; nothing for a call that the page itself has cancelled. */
export function fail(reason: unknown): void {
  if (reason instanceof SluiceError && reason.status === 'CANCELLED') return;
  say(reason instanceof SluiceError ? `${reason.status}: ${reason.message}` : String(reason));
  find('status', HTMLElement).classList.add('problem');
}

/** A colour for a name, the same in every window: its hue. The page decides how light it is. */
export function hueOf(name: string): string {
  let hash = 2_166_136_261;
  for (const letter of name) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 16_777_619);
  return String((hash >>> 0) % 360);
}

function showScenes(): void {
  const links = Object.entries(SCENES).map(([name, title]) => {
    const isHere = location.pathname.endsWith(`/${name}.html`);
    return make('a', { href: `${name}.html`, ...(isHere ? { 'aria-current': 'page' } : {}) }, title);
  });
  find('scenes', HTMLElement).append(make('a', { href: '../../../' }, 'All methods'), ...links);
}

/** What scrolls can be scrolled with the keyboard. */
function reachScrollers(): void {
  for (const region of document.querySelectorAll<HTMLElement>('.scroll')) region.tabIndex = 0;
}

showScenes();
reachScrollers();
