import { button } from './element.js';

/** How long the button says what has become of it, in milliseconds. */
const SAID_MS = 2_000;

/** A button that copies a text. It says itself whether that worked, which a screen reader reads because the button has the focus. */
export function copyButton(name: string, text: () => string): HTMLButtonElement {
  const made = button(name, { class: 'small' }, () => {
    const say = (words: string) => {
      made.textContent = words;
      setTimeout(() => {
        made.textContent = name;
      }, SAID_MS);
    };
    copyText(text()).then(
      () => say('Copied'),
      () => say('Not copied'),
    );
  });
  return made;
}

/** Puts a text on the clipboard; also where a page without TLS may not use the clipboard of today. Rejects when the browser refuses. */
async function copyText(text: string): Promise<void> {
  if (navigator.clipboard !== undefined) return await navigator.clipboard.writeText(text);
  const area = document.createElement('textarea');
  area.value = text;
  document.body.append(area);
  const had = document.activeElement;
  area.select();
  const isCopied = document.execCommand('copy');
  area.remove();
  if (had instanceof HTMLElement) had.focus();
  if (!isCopied) throw new Error('the browser refused to copy');
}
