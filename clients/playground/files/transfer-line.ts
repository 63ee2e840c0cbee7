import { element } from '../view/element.js';
import { amountText, progressText } from './transfer-rate.js';

export interface TransferLine {
  readonly root: HTMLElement;
  begin(name: string, totalBytes: number | undefined): void;
  /** So many bytes are over. */
  moved(bytes: number): void;
  /** A person holds it: that time counts for no rate. */
  pause(): void;
  goOn(): void;
  end(text: string, isGood: boolean): void;
}

/** How often the numbers change, in milliseconds: often enough to read along. */
const EVERY_MS = 250;

/** A bar, and how fast and how long: for one transfer after the other. A screen reader hears of the begin, of pauses, and of the end. */
export function createTransferLine(): TransferLine {
  const bar = element('progress', { max: '1', 'aria-label': 'Transfer' });
  const numbers = element('span', { class: 'quiet' });
  const said = element('p', { role: 'status' });
  const root = element('div', { class: 'transfer', hidden: true }, bar, numbers, said);
  let name = '';
  let total: number | undefined;
  let moved = 0;
  let begunMs = 0;
  let pausedMs: number | undefined;
  let shownMs = 0;
  const say = (text: string) => {
    said.className = 'quiet';
    said.textContent = text;
  };
  const show = (now: number) => {
    shownMs = now;
    if (total !== undefined) bar.value = total === 0 ? 1 : moved / total;
    numbers.textContent = progressText(moved, total, (pausedMs ?? now) - begunMs);
  };
  return {
    root,
    begin(what, totalBytes) {
      name = what;
      total = totalBytes;
      moved = 0;
      begunMs = performance.now();
      pausedMs = undefined;
      shownMs = 0;
      root.hidden = false;
      bar.hidden = false;
      if (total === undefined) bar.removeAttribute('value');
      else bar.value = 0;
      numbers.textContent = '';
      say(name);
    },
    moved(bytes) {
      moved = bytes;
      const now = performance.now();
      if (now - shownMs >= EVERY_MS || bytes === total) show(now);
    },
    pause() {
      pausedMs = performance.now();
      show(pausedMs);
      say(`Paused after ${amountText(moved)}. ${name}`);
    },
    goOn() {
      if (pausedMs !== undefined) begunMs += performance.now() - pausedMs;
      pausedMs = undefined;
      say(name);
    },
    end(text, isGood) {
      bar.hidden = true;
      numbers.textContent = '';
      said.className = isGood ? 'good' : 'problem';
      said.textContent = text;
    },
  };
}
