import type { DescMessage } from '@bufbuild/protobuf';
import type { CallRunner } from '../call/call-runner.js';
import { element } from '../view/element.js';
import { createFrame } from '../view/frame.js';
import { createChartData, MAX_SERIES, slotOf, WINDOWS_MS, type WindowMs } from './chart-data.js';
import { chartValue, firstNumericField, keyFields, numericFields } from './chart-fields.js';
import type { createLinePlot, LinePlot } from './line-plot.js';

export interface RecordChart {
  readonly root: HTMLElement;
  /** Begins to draw; what came before is drawn as well. Until then nothing is loaded. */
  show(): void;
  hide(): void;
  close(): void;
}

const NO_KEY = '';

/** A chart of the numbers of the messages over time, a line for each value of a field. Undefined for messages without numbers. */
export function createRecordChart(runner: CallRunner, type: DescMessage): RecordChart | undefined {
  const numbers = numericFields(type);
  const keys = keyFields(type);
  const firstNumber = firstNumericField(type);
  if (firstNumber === undefined) return undefined;
  const value = choice(
    'Value',
    numbers.map(({ name }) => [name, name]),
    firstNumber,
  );
  const key = choice(
    'A line for each',
    [[NO_KEY, 'nothing: one line'], ...keys.map(({ name }) => [name, name] as const)],
    keys[0]?.name ?? NO_KEY,
  );
  const span = choice(
    'Time',
    WINDOWS_MS.map((ms) => [String(ms), ms < 60_000 ? `${ms / 1000} s` : `${ms / 60_000} min`]),
    '60000',
  );
  const note = element('p', { class: 'quiet' });
  const canvas = element('div', { class: 'plot' });
  const data = createChartData();
  let isKeyChosen = false;
  let plot: LinePlot | undefined;
  let make: typeof createLinePlot | undefined;
  let isShown = false;
  let clockStart = performance.now();
  let drawnKeys = '';
  let drawnSlot = -1;

  const take = (message: unknown, atMs: number) => {
    const number = chartValue(numbers.find(({ name }) => name === value.value)?.valueOf(message));
    if (number === undefined) return;
    const by =
      key.value === NO_KEY
        ? value.value
        : String(keys.find(({ name }) => name === key.value)?.valueOf(message) ?? '');
    data.add(by, number, atMs);
    // Texts that are all different are no key: unless a person has said so, there is one line.
    if (data.leftOut > MAX_SERIES && !isKeyChosen && key.value !== NO_KEY) {
      key.value = NO_KEY;
      read();
    }
  };
  const read = () => {
    data.clear();
    for (let index = 0; index < runner.records.length; index += 1) {
      const record = runner.records.at(index);
      if (record?.direction === 'received') take(record.value, record.atMs);
    }
    redraw();
  };
  const draw = async () => {
    if (!isShown) return;
    // Loaded by whoever looks at a chart first.
    make ??= (await import('./line-plot.js')).createLinePlot;
    if (!isShown) return;
    const nowMs = runner.isRunning ? performance.now() - clockStart : endMs;
    const windowMs = Number(span.value) as WindowMs;
    const slot = slotOf(nowMs, windowMs);
    // Until the next slot of time begins nothing moves, so the page has the time for messages.
    if (slot === drawnSlot) {
      if (runner.isRunning) frame.request();
      return;
    }
    drawnSlot = slot;
    const columns = data.columns(windowMs, nowMs);
    const names = data.keys;
    const known = JSON.stringify(names);
    if (plot === undefined || known !== drawnKeys) {
      drawnKeys = known;
      plot?.close();
      plot = make(canvas, names, columns);
    } else {
      plot.setColumns(columns);
    }
    note.textContent =
      data.leftOut === 0 ? '' : `The first ${MAX_SERIES} are drawn; ${data.leftOut} others are not.`;
    if (runner.isRunning) frame.request();
  };
  let endMs = 0;
  const frame = createFrame(
    () =>
      void draw().catch(() => {
        note.textContent = 'The chart could not be loaded.';
      }),
  );
  /** Draws, also where no new slot of time has begun. */
  const redraw = () => {
    drawnSlot = -1;
    frame.request();
  };
  const resized = new ResizeObserver(() => {
    plot?.fit();
  });
  resized.observe(canvas);
  const scheme = matchMedia('(prefers-color-scheme: dark)');
  const restyle = () => {
    drawnKeys = '';
    redraw();
  };
  scheme.addEventListener('change', restyle);
  for (const one of [value, key]) {
    one.addEventListener('change', () => {
      if (one === key) isKeyChosen = true;
      read();
    });
  }
  span.addEventListener('change', () => redraw());
  const unsubscribe = runner.subscribe({
    started() {
      data.clear();
      clockStart = performance.now();
      redraw();
    },
    recorded(record) {
      if (record.direction === 'received') take(record.value, record.atMs);
    },
    ended(_result, durationMs) {
      endMs = durationMs;
      redraw();
    },
  });
  return {
    root: element(
      'div',
      { class: 'chart' },
      element('div', { class: 'tools' }, ...[value, key, span].map(labelled)),
      canvas,
      note,
    ),
    show() {
      isShown = true;
      redraw();
    },
    hide() {
      isShown = false;
      frame.stop();
    },
    close() {
      isShown = false;
      unsubscribe();
      frame.stop();
      resized.disconnect();
      scheme.removeEventListener('change', restyle);
      plot?.close();
    },
  };
}

function choice(
  name: string,
  choices: readonly (readonly [value: string, text: string])[],
  first: string,
): HTMLSelectElement {
  const made = element('select', {}, ...choices.map(([value, text]) => element('option', { value }, text)));
  made.value = first;
  made.name = name;
  return made;
}

function labelled(control: HTMLSelectElement): HTMLLabelElement {
  return element('label', { class: 'inline' }, element('span', {}, control.name), control);
}
