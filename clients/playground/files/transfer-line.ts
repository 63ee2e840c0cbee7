import { element } from '../view/element.js';
import { progressText } from './transfer-rate.js';

export interface TransferLine {
  readonly root: HTMLElement;
  begin(name: string, totalBytes: number | undefined): void;
  /** So many bytes are over. */
  moved(bytes: number): void;
  end(text: string, isGood: boolean): void;
}

/** How often the numbers change, in milliseconds: often enough to read along. */
const EVERY_MS = 250;

/** A bar, and how fast and how long: for one transfer after the other. A screen reader hears of the begin and of the end. */
export function createTransferLine(): TransferLine {
  const bar = element('progress', { max: '1', 'aria-label': 'Transfer' });
  const numbers = element('span', { class: 'quiet' });
  const said = element('p', { role: 'status' });
  const root = element('div', { class: 'transfer', hidden: true }, bar, numbers, said);
  let total: number | undefined;
  let begunMs = 0;
  let shownMs = 0;
  return {
    root,
    begin(name, totalBytes) {
      total = totalBytes;
      begunMs = performance.now();
      shownMs = 0;
      root.hidden = false;
      bar.hidden = false;
      if (total === undefined) bar.removeAttribute('value');
      else bar.value = 0;
      numbers.textContent = '';
      said.className = 'quiet';
      said.textContent = name;
    },
    moved(bytes) {
      const now = performance.now();
      if (now - shownMs < EVERY_MS && bytes !== total) return;
      shownMs = now;
      if (total !== undefined) bar.value = total === 0 ? 1 : bytes / total;
      numbers.textContent = progressText(bytes, total, now - begunMs);
    },
    end(text, isGood) {
      bar.hidden = true;
      said.className = isGood ? 'good' : 'problem';
      said.textContent = text;
    },
  };
}
