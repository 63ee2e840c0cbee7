import uPlot from 'uplot';
import { lineColors } from './chart-colors.js';

export interface LinePlot {
  /** As `ChartData.columns` gives them. */
  setColumns(columns: (number | null)[][]): void;
  /** Takes the width of its element. */
  fit(): void;
  close(): void;
}

const HEIGHT = 320;
const LEAST_WIDTH = 240;

/** Draws lines over seconds into an element: the one place that knows uPlot. */
export function createLinePlot(
  parent: HTMLElement,
  names: readonly string[],
  columns: (number | null)[][],
): LinePlot {
  const width = () => Math.max(LEAST_WIDTH, parent.clientWidth);
  const plot = new uPlot(plotOptions(names, width()), columns as uPlot.AlignedData, parent);
  return {
    setColumns: (changed) => plot.setData(changed as uPlot.AlignedData),
    fit: () => plot.setSize({ width: width(), height: HEIGHT }),
    close: () => plot.destroy(),
  };
}

function plotOptions(names: readonly string[], width: number): uPlot.Options {
  const { text, grid, lines } = lineColors();
  const axis = { stroke: text, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 } };
  return {
    width,
    height: HEIGHT,
    scales: { x: { time: false } },
    axes: [
      { ...axis, values: (_plot, seconds) => seconds.map((one) => `${one} s`) },
      { ...axis, size: 64 },
    ],
    series: [
      { label: 'after', value: (_plot, seconds) => (seconds === null ? '' : `${seconds.toFixed(2)} s`) },
      ...names.map((name, index) => ({
        label: name === '' ? '(empty)' : name,
        stroke: lines[index % lines.length] ?? text,
        width: 2,
        // Between two messages there are slots in which nothing came.
        spanGaps: true,
        points: { show: false },
      })),
    ],
    cursor: { drag: { x: false, y: false } },
    legend: { live: true },
  };
}
