import { element } from './element.js';

export interface VirtualRows {
  readonly scroller: HTMLElement;
  readonly table: HTMLTableElement;
  /** Draws the rows that can be seen. Cheap whatever the number of items. */
  draw(): void;
  /** Whether the newest row, the first, is in sight. */
  readonly isAtTop: boolean;
  toTop(): void;
}

interface Row<Item> {
  readonly row: HTMLTableRowElement;
  readonly cells: readonly HTMLTableCellElement[];
  /** What it shows. */
  item: Item | undefined;
}

export interface VirtualRowsOptions<Item> {
  readonly label: string;
  readonly columns: readonly { readonly name: string; readonly width: string; readonly isNumber: boolean }[];
  count(): number;
  /** 0 is the first row. */
  item(index: number): Item | undefined;
  /** Writes an item into the cells of a row; the row is used again for others. */
  fill(item: Item, cells: readonly HTMLTableCellElement[], row: HTMLTableRowElement): void;
  onScroll(): void;
}

/** The height of a row in pixels: the style sheet gives `.virtual tbody tr` the same. */
const ROW_HEIGHT = 30;
/** So many are there also while the table has no height yet, or is not in sight. */
const LEAST_ROWS = 12;
const MAX_HEIGHT_ROWS = 100_000;

/** A table of any length in which only the rows that can be seen are elements. */
export function createVirtualRows<Item>(options: VirtualRowsOptions<Item>): VirtualRows {
  const body = element('tbody', {});
  const above = element('tr', { class: 'space', 'aria-hidden': 'true' }, element('td', {}));
  const below = element('tr', { class: 'space', 'aria-hidden': 'true' }, element('td', {}));
  const columns = element(
    'colgroup',
    {},
    ...options.columns.map(({ width }) => {
      const column = element('col', {});
      column.style.width = width;
      return column;
    }),
  );
  const table = element(
    'table',
    { 'aria-label': options.label },
    columns,
    element(
      'thead',
      {},
      element(
        'tr',
        {},
        ...options.columns.map(({ name, isNumber }) =>
          element('th', { scope: 'col', title: name, class: isNumber ? 'number' : undefined }, name),
        ),
      ),
    ),
    body,
  );
  // A table with fixed columns is as wide as they are at least; what `max-content` is for one, browsers do not agree on.
  table.style.minWidth = `calc(${options.columns.map(({ width }) => width).join(' + ')})`;
  const scroller = element(
    'div',
    { class: 'virtual', tabindex: '0', role: 'region', 'aria-label': options.label },
    table,
  );
  const rows: Row<Item>[] = [];
  body.append(above, below);
  scroller.addEventListener('scroll', options.onScroll, { passive: true });

  const setHeight = (row: HTMLTableRowElement, count: number) => {
    const height = `${Math.min(count, MAX_HEIGHT_ROWS) * ROW_HEIGHT}px`;
    if (row.style.height !== height) row.style.height = height;
    row.hidden = count === 0;
  };
  const rowAt = (index: number) => {
    const known = rows[index];
    if (known !== undefined) return known;
    const cells = options.columns.map(() => element('td', {}));
    const made: Row<Item> = { row: element('tr', {}, ...cells), cells, item: undefined };
    rows.push(made);
    below.before(made.row);
    return made;
  };
  return {
    scroller,
    table,
    get isAtTop() {
      return scroller.scrollTop < ROW_HEIGHT / 2;
    },
    toTop() {
      scroller.scrollTop = 0;
    },
    draw() {
      const total = options.count();
      const visible = Math.max(LEAST_ROWS, Math.ceil(scroller.clientHeight / ROW_HEIGHT) + 1);
      const first = Math.max(0, Math.min(Math.floor(scroller.scrollTop / ROW_HEIGHT), total - visible));
      const shown = Math.min(visible, total - first);
      setHeight(above, first);
      setHeight(below, total - first - shown);
      table.setAttribute('aria-rowcount', String(total + 1));
      for (let index = 0; index < shown; index += 1) {
        const item = options.item(first + index);
        const made = rowAt(index);
        if (item === undefined) continue;
        made.row.hidden = false;
        if (made.item !== item) {
          made.item = item;
          options.fill(item, made.cells, made.row);
        }
        made.row.setAttribute('aria-rowindex', String(first + index + 2));
      }
      for (const extra of rows.slice(Math.max(0, shown))) extra.row.hidden = true;
    },
  };
}
