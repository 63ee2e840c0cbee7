import { element } from './element.js';

/** The number of messages shown; older ones are dropped. */
const MAX_SHOWN = 200;
/** The number of characters shown of one message. */
const MAX_SHOWN_LENGTH = 20_000;
/** The number of characters shown of all messages together: with more, the layout freezes the page. */
const MAX_TOTAL_LENGTH = 100_000;
/** The longest wait until a message is drawn, in milliseconds: short enough to read along, long enough for clicks. */
const DRAW_EVERY_MS = 100;

export interface MessageLog {
  readonly list: HTMLOListElement;
  /** Messages received since the last `clear`. */
  readonly received: number;
  /** Whether everything since the last `clear` is still shown. */
  readonly complete: boolean;
  add(direction: Direction, value: unknown): void;
  /** Draws the waiting messages now. */
  draw(): void;
  clear(): void;
}

type Direction = 'received' | 'sent' | 'note';

interface Entry {
  readonly direction: Direction;
  readonly number: number;
  readonly time: string;
  readonly text: string;
  /** Its element, once it was drawn. */
  item?: HTMLLIElement;
}

/** A bounded list of messages, newest last. It is drawn at most every `DRAW_EVERY_MS`; `onDraw` is called each time. */
export function createMessageLog(onDraw: () => void): MessageLog {
  const list = element('ol', { class: 'messages', 'aria-label': 'Messages', tabindex: '0' });
  const entries: Entry[] = [];
  let stale: HTMLLIElement[] = [];
  let totalLength = 0;
  let received = 0;
  let complete = true;
  let startMs = performance.now();
  let drawing = false;

  const dropOldest = () => {
    const oldest = entries.shift();
    // Stays in the page until the next drawing: otherwise a fast stream would show an empty list most of the time.
    if (oldest?.item !== undefined) stale.push(oldest.item);
    totalLength -= oldest?.text.length ?? 0;
    complete = false;
  };
  const draw = () => {
    drawing = false;
    // A person who reads further up stays there; a person at the end stays at the end.
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    for (const item of stale) item.remove();
    stale = [];
    for (const entry of entries) {
      if (entry.item !== undefined) continue;
      entry.item = entryElement(entry);
      list.append(entry.item);
    }
    if (atEnd) list.scrollTop = list.scrollHeight;
    onDraw();
  };
  return {
    list,
    get received() {
      return received;
    },
    get complete() {
      return complete;
    },
    add(direction, value) {
      if (direction === 'received') received += 1;
      const time = `${((performance.now() - startMs) / 1000).toFixed(2)} s`;
      const text = textOf(value);
      entries.push({ direction, number: received, time, text });
      totalLength += text.length;
      while (entries.length > MAX_SHOWN || totalLength > MAX_TOTAL_LENGTH) dropOldest();
      if (!drawing) setTimeout(draw, DRAW_EVERY_MS);
      drawing = true;
    },
    draw,
    clear() {
      entries.length = 0;
      stale = [];
      totalLength = 0;
      received = 0;
      complete = true;
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

/** Readable text of a value, shortened if it is long, so that the waiting entries are bounded as well. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return cut(value);
  const compact = JSON.stringify(value) ?? String(value);
  if (compact.length > MAX_SHOWN_LENGTH) return cut(compact);
  return compact.length <= 100 ? compact : JSON.stringify(value, null, 2);
}

function cut(text: string): string {
  const more = text.length - MAX_SHOWN_LENGTH;
  return more <= 0 ? text : `${text.slice(0, MAX_SHOWN_LENGTH)}… and ${more} more characters`;
}
