import type { CallRunner } from '../call/call-runner.js';
import type { CallTypes } from '../schema/page-schema.js';
import { element } from '../view/element.js';
import { createTabs } from '../view/tabs.js';
import { type Column, columnsFromMessage, columnsOf } from './columns.js';
import { createRecordChart } from './record-chart.js';
import { createRecordTable, type RecordTable } from './record-table.js';

export interface MessageView {
  readonly root: HTMLElement;
  close(): void;
}

/** So much of a message is on its line; a click shows the others. */
const MAX_LINE = 1_000;

const TEXT_COLUMN: Column = {
  name: 'JSON',
  width: 'auto',
  isNumber: false,
  textOf: (text) => String(text).slice(0, MAX_LINE),
};

/** The messages of a method's calls, in three views: a table of their fields, a chart of their numbers, and one time line of both directions as JSON. */
export function createMessageView(runner: CallRunner, types: CallTypes | undefined): MessageView {
  const { kind } = runner.method;
  const sends = kind === 'client_stream' || kind === 'bidi_stream';
  const timeline = createRecordTable({
    runner,
    label: sends ? 'Time line' : 'Messages as JSON',
    columns: [TEXT_COLUMN],
    takes: () => true,
    text: ({ text }) => text,
  });
  const tables = element('div', {});
  let table: RecordTable | undefined;
  const setColumns = (columns: readonly Column[]) => {
    table?.close();
    table = createRecordTable({
      runner,
      label: 'Messages',
      columns,
      takes: ({ direction }) => direction === 'received',
    });
    tables.replaceChildren(table.root);
  };
  setColumns(types === undefined ? [] : columnsOf(types.output));
  const chart =
    types === undefined || kind === 'unary' || kind === 'client_stream'
      ? undefined
      : createRecordChart(runner, types.output);
  // Without types the first message says which columns there are.
  let isUntyped = types === undefined;
  const unsubscribe = runner.subscribe({
    recorded({ direction, value }) {
      if (!isUntyped || direction !== 'received') return;
      isUntyped = false;
      setColumns(columnsFromMessage(value));
    },
  });
  const json = { id: 'json', name: sends ? 'Time line' : 'JSON', content: timeline.root };
  const others = [
    { id: 'table', name: 'Table', content: tables },
    ...(chart === undefined ? [] : [{ id: 'chart', name: 'Chart', content: chart.root }]),
  ];
  const tabs = createTabs(
    'Views of the messages',
    sends || kind === 'unary' ? [json, ...others] : [...others, json],
    (id) => {
      if (id === 'chart') chart?.show();
      else chart?.hide();
    },
  );
  return {
    root: tabs.root,
    close() {
      unsubscribe();
      timeline.close();
      table?.close();
      chart?.close();
    },
  };
}
