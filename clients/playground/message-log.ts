import { element } from './element.js';

/** So many messages are shown; older ones are dropped, and counted. */
export const maxShown = 200;
/** A message is shown up to so many characters. */
export const maxShownLength = 20_000;

export interface MessageLog {
  readonly list: HTMLOListElement;
  /** Messages received since the last `clear`. */
  readonly received: number;
  add(direction: 'received' | 'sent' | 'note', value: unknown): void;
  clear(): void;
}

interface Entry {
  readonly direction: 'received' | 'sent' | 'note';
  readonly number: number;
  readonly time: string;
  readonly text: string;
}

/** A bounded list of messages, newest last. It is drawn once a frame however fast messages come. */
export function createMessageLog(): MessageLog {
  const list = element('ol', { class: 'messages', 'aria-label': 'Messages', tabindex: '0' });
  let waiting: Entry[] = [];
  let received = 0;
  let startMs = performance.now();
  let drawing = false;

  const draw = () => {
    drawing = false;
    // Whoever reads further up is left there; whoever is at the end stays at the end.
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    list.append(...waiting.map(entryElement));
    waiting = [];
    while (list.childElementCount > maxShown) list.firstElementChild?.remove();
    if (atEnd) list.scrollTop = list.scrollHeight;
  };
  return {
    list,
    get received() {
      return received;
    },
    add(direction, value) {
      if (direction === 'received') received += 1;
      const time = `${((performance.now() - startMs) / 1000).toFixed(2)} s`;
      waiting.push({ direction, number: received, time, text: textOf(value) });
      if (waiting.length > maxShown) waiting.shift();
      if (!drawing) requestAnimationFrame(draw);
      drawing = true;
    },
    clear() {
      waiting = [];
      received = 0;
      startMs = performance.now();
      list.replaceChildren();
    },
  };
}

function entryElement({ direction, number, time, text }: Entry): HTMLLIElement {
  const mark = { received: `#${number}`, sent: 'sent', note: 'note' }[direction];
  return element(
    'li',
    { class: direction },
    element('span', { class: 'mark' }, mark),
    element('span', { class: 'time quiet' }, time),
    element('pre', {}, text),
  );
}

/** Readable text of a value, cut when it is long; so what waits for a frame is bounded as well. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return cut(value);
  const compact = JSON.stringify(value) ?? String(value);
  if (compact.length > maxShownLength) return cut(compact);
  return compact.length <= 100 ? compact : JSON.stringify(value, null, 2);
}

function cut(text: string): string {
  const more = text.length - maxShownLength;
  return more <= 0 ? text : `${text.slice(0, maxShownLength)}… and ${more} characters more`;
}
