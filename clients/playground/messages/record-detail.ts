import type { CallRecord } from '../call/message-store.js';
import { copyButton } from '../view/copy-button.js';
import { button, element } from '../view/element.js';
import { sinceText } from './columns.js';

/** So much of a message is laid out: with more the page stands still. */
const MAX_SHOWN_LENGTH = 200_000;

export interface RecordDetail {
  readonly root: HTMLElement;
  readonly shown: CallRecord | undefined;
  /** A person has opened it. */
  readonly isOpen: boolean;
  show(record: CallRecord): void;
  /** What is shown as long as no one has opened another: the only message there is. */
  offer(record: CallRecord | undefined): void;
  clear(): void;
  onClose(listener: () => void): void;
}

/** One message as JSON, whole and readable. */
export function createRecordDetail(): RecordDetail {
  const title = element('h3', {});
  const text = element('pre', { tabindex: '0' });
  const closeButton = button('Close', { class: 'small' }, () => {
    clear();
    listener();
  });
  const root = element(
    'section',
    { class: 'detail', hidden: true, 'aria-label': 'One message as JSON' },
    element(
      'div',
      { class: 'tools' },
      title,
      copyButton('Copy', () => text.textContent ?? ''),
      closeButton,
    ),
    text,
  );
  let shown: CallRecord | undefined;
  let isOpen = false;
  let listener: () => void = () => undefined;

  const put = (record: CallRecord | undefined) => {
    if (shown === record) return;
    shown = record;
    root.hidden = record === undefined;
    if (record === undefined) return;
    const name = { received: 'Message', sent: 'Sent', note: 'Note' }[record.direction];
    title.textContent = `${name} ${record.nth} · ${sinceText(record.atMs)}`;
    text.textContent = readable(record);
    text.setAttribute('aria-label', title.textContent);
  };
  const clear = () => {
    isOpen = false;
    put(undefined);
  };
  return {
    root,
    get shown() {
      return shown;
    },
    get isOpen() {
      return isOpen;
    },
    show(record) {
      isOpen = true;
      closeButton.hidden = false;
      put(record);
    },
    offer(record) {
      if (isOpen) return;
      closeButton.hidden = true;
      put(record);
    },
    clear,
    onClose(called) {
      listener = called;
    },
  };
}

function readable({ value, text }: CallRecord): string {
  const pretty = value === undefined ? text : JSON.stringify(value, null, 2);
  if (pretty.length <= MAX_SHOWN_LENGTH) return pretty;
  return `${pretty.slice(0, MAX_SHOWN_LENGTH)}…\nand ${pretty.length - MAX_SHOWN_LENGTH} more characters`;
}
