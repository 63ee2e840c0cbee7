import { element } from '../view/element.js';
import type { Station } from './stations.js';

export interface StationLine {
  readonly root: HTMLElement;
  show(stations: readonly Station[]): void;
  clear(): void;
}

interface Box {
  readonly root: HTMLElement;
  readonly fill: HTMLElement;
  readonly text: HTMLElement;
}

/** Boxes in a line that fill up, one for each place. They are made once and changed after that, so that a screen reader keeps its place. */
export function createStationLine(): StationLine {
  const root = element('ol', { class: 'stations' });
  const boxes = new Map<string, Box>();
  const boxOf = (name: string): Box => {
    let box = boxes.get(name);
    if (box === undefined) {
      const fill = element('div', { class: 'fill' });
      const text = element('span', { class: 'quiet' });
      const meter = element(
        'div',
        { class: 'level', role: 'meter', 'aria-label': name, 'aria-valuemin': '0', 'aria-valuemax': '100' },
        fill,
      );
      box = { root: element('li', {}, element('strong', {}, name), meter, text), fill, text };
      boxes.set(name, box);
      root.append(box.root);
    }
    return box;
  };
  return {
    root,
    show(stations) {
      for (const { name, level, text } of stations) {
        const box = boxOf(name);
        const percent = Math.round(100 * level);
        box.fill.style.width = `${percent}%`;
        box.root.classList.toggle('full', percent === 100);
        const meter = box.fill.parentElement;
        meter?.setAttribute('aria-valuenow', String(percent));
        meter?.setAttribute('aria-valuetext', text);
        box.text.textContent = text;
      }
    },
    clear() {
      boxes.clear();
      root.replaceChildren();
    },
  };
}
