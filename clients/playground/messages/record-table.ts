import type { CallRunner } from '../call/call-runner.js';
import type { CallRecord } from '../call/message-store.js';
import { button, element } from '../view/element.js';
import { createFrame } from '../view/frame.js';
import { createVirtualRows } from '../view/virtual-rows.js';
import { type Column, sinceText } from './columns.js';
import { createRecordDetail } from './record-detail.js';
import { createRecordList } from './record-list.js';

export interface RecordTable {
  readonly root: HTMLElement;
  close(): void;
}

export interface RecordTableOptions {
  readonly runner: CallRunner;
  readonly label: string;
  /** What it shows of a record beside its number and its time. */
  readonly columns: readonly Column[];
  readonly takes: (record: CallRecord) => boolean;
  /** What a column shows: of a record, as far as it is no message. */
  readonly text?: (record: CallRecord) => string;
}

const MARKS = { received: '↓', sent: '↑', note: '·' } as const;
const DIRECTION_NAMES = { received: 'Received message', sent: 'Sent message', note: 'Note' } as const;

/** Records of a call as a table: the newest first, with a filter; it stands still while a person looks further down or at one of them. */
export function createRecordTable(options: RecordTableOptions): RecordTable {
  const { runner, columns, takes } = options;
  const list = createRecordList(runner.records, takes);
  const detail = createRecordDetail();
  const filter = element('input', {
    type: 'search',
    class: 'filter',
    placeholder: 'Filter',
    'aria-label': `Filter: ${options.label}`,
    spellcheck: 'false',
    autocomplete: 'off',
  });
  const freeze = button('Freeze', { class: 'small', 'aria-pressed': 'false' }, () =>
    list.isFrozen ? follow() : hold(),
  );
  const state = element('span', { class: 'quiet' });
  /** Only what the page froze by itself does it let go by itself. */
  let isHeldByReading = false;

  const rows = createVirtualRows<CallRecord>({
    label: options.label,
    columns: [
      { name: '#', width: '5.5rem', isNumber: false },
      { name: 'after', width: '5.5rem', isNumber: false },
      ...columns,
    ],
    count: () => list.length,
    item: (index) => list.at(index),
    fill(record, [mark, time, ...cells], row) {
      row.className = record === detail.shown ? `${record.direction} chosen` : record.direction;
      const open = mark?.firstElementChild ?? mark?.appendChild(opener());
      if (open !== undefined && open !== null) {
        open.textContent = `${MARKS[record.direction]} ${record.nth}`;
        open.setAttribute('aria-label', `${DIRECTION_NAMES[record.direction]} ${record.nth}: show as JSON`);
      }
      if (time !== undefined) time.textContent = sinceText(record.atMs);
      for (const [index, cell] of cells.entries()) {
        const column = columns[index];
        cell.textContent =
          column?.textOf(options.text === undefined ? record.value : options.text(record)) ?? '';
        cell.classList.toggle('number', column?.isNumber === true);
      }
    },
    onScroll() {
      if (!rows.isAtTop && !list.isFrozen) hold(true);
      else if (rows.isAtTop && isHeldByReading && !detail.isOpen) follow();
      frame.request();
    },
  });
  const opener = () => element('button', { type: 'button', class: 'open' });
  rows.scroller.addEventListener('click', ({ target }) => {
    if (!(target instanceof Element)) return;
    const row = target.closest('tbody tr:not(.space)');
    const at = Number(row?.getAttribute('aria-rowindex')) - 2;
    const record = row === null ? undefined : list.at(at);
    if (record === undefined) return;
    if (!list.isFrozen) hold(true);
    detail.show(record);
    redraw();
  });
  rows.scroller.addEventListener('focusin', ({ target }) => {
    if (target !== rows.scroller && !list.isFrozen && runner.isRunning) hold(true);
  });

  const draw = () => {
    rows.draw();
    freeze.textContent = list.isFrozen ? 'Follow' : 'Freeze';
    freeze.setAttribute('aria-pressed', String(list.isFrozen));
    const words: string[] = [];
    if (list.isFrozen)
      words.push(list.newer === 0 ? 'stands still' : `${list.newer.toLocaleString('en')} newer`);
    else if (runner.records.oldestNumber > 1) words.push('the newest are kept');
    if (filter.value !== '') words.push(`${list.length.toLocaleString('en')} match`);
    const text = words.join(' · ');
    if (state.textContent !== text) state.textContent = text;
    detail.offer(list.length === 1 ? list.at(0) : undefined);
  };
  const frame = createFrame(draw);
  /** Also rows whose item is the same. */
  const redraw = () => {
    for (const row of rows.table.querySelectorAll('tbody tr.chosen')) row.classList.remove('chosen');
    frame.request();
  };
  const hold = (isByReading = false) => {
    list.freeze();
    isHeldByReading = isByReading;
    frame.request();
  };
  const follow = () => {
    list.follow();
    isHeldByReading = false;
    rows.toTop();
    frame.request();
  };
  detail.onClose(() => {
    if (isHeldByReading && rows.isAtTop) follow();
    redraw();
  });
  filter.addEventListener('input', () => {
    list.setFilter(filter.value);
    frame.request();
  });
  const unsubscribe = runner.subscribe({
    started() {
      list.clear();
      detail.clear();
      isHeldByReading = false;
      rows.toTop();
      frame.request();
    },
    recorded(record) {
      list.add(record);
      frame.request();
    },
    ended: () => frame.request(),
  });
  return {
    root: element(
      'div',
      { class: 'records' },
      element('div', { class: 'tools' }, filter, freeze, state),
      element('div', { class: 'split' }, rows.scroller, detail.root),
    ),
    close() {
      unsubscribe();
      frame.stop();
    },
  };
}
