import { element } from './element.js';

export interface Tab {
  readonly id: string;
  readonly name: string;
  readonly content: HTMLElement;
}

export interface Tabs {
  readonly root: HTMLElement;
  readonly selected: string;
  select(id: string): void;
}

let groups = 0;

/** A list of tabs with their panels, by the pattern of the ARIA practices: arrow keys move, and the panel follows. `onSelect` is also called for the first. */
export function createTabs(label: string, tabs: readonly Tab[], onSelect: (id: string) => void): Tabs {
  groups += 1;
  const prefix = `tabs${groups}`;
  let selected = tabs[0]?.id ?? '';
  const buttons = tabs.map(({ id, name }) =>
    element(
      'button',
      { type: 'button', role: 'tab', id: `${prefix}-${id}`, 'aria-controls': `${prefix}-panel-${id}` },
      name,
    ),
  );
  const panels = tabs.map(({ id, content }) =>
    element(
      'div',
      { role: 'tabpanel', id: `${prefix}-panel-${id}`, 'aria-labelledby': `${prefix}-${id}` },
      content,
    ),
  );
  const show = () => {
    for (const [index, { id }] of tabs.entries()) {
      const isSelected = id === selected;
      buttons[index]?.setAttribute('aria-selected', String(isSelected));
      buttons[index]?.setAttribute('tabindex', isSelected ? '0' : '-1');
      panels[index]?.toggleAttribute('hidden', !isSelected);
    }
    onSelect(selected);
  };
  const select = (id: string) => {
    selected = id;
    show();
  };
  for (const [index, one] of buttons.entries()) {
    one.addEventListener('click', () => select(tabs[index]?.id ?? ''));
    one.addEventListener('keydown', (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const edge = { Home: 0, End: tabs.length - 1 }[event.key];
      if (step === undefined && edge === undefined) return;
      event.preventDefault();
      const next = edge ?? (index + (step ?? 0) + tabs.length) % tabs.length;
      select(tabs[next]?.id ?? '');
      buttons[next]?.focus();
    });
  }
  show();
  return {
    root: element(
      'div',
      { class: 'tabs' },
      element('div', { role: 'tablist', 'aria-label': label }, ...buttons),
      ...panels,
    ),
    get selected() {
      return selected;
    },
    select,
  };
}
