import type { ScalarType } from '@bufbuild/protobuf';
import { emptyValue } from '../json/empty-value.js';
import type { Shape } from '../json/field-shape.js';
import { isMembers, type Json, membersFrom } from '../json/json-value.js';
import { keyOf } from '../json/scalar-check.js';
import { button, element } from '../view/element.js';
import { type ControlPlace, type FormControl, freshId, problemsUnder } from './form-control.js';
import { freeKey } from './free-key.js';
import { problemLine } from './problem-line.js';

interface MapRow {
  readonly root: HTMLElement;
  readonly control: FormControl;
  readonly name: HTMLInputElement;
  mark: FormControl['mark'];
}

/** A map: a row of a key and a value for each entry. While a person writes a key that another row has, the JSON holds the last of them. */
export function mapControl(key: ScalarType, value: Shape, place: ControlPlace): FormControl {
  const rows: MapRow[] = [];
  const list = element('ol', { class: 'items' });
  let entries: (readonly [string, Json])[] = [];

  const tell = () => place.changed(entries.length === 0 ? undefined : membersFrom(entries));
  const setAt = (index: number, entry: readonly [string, Json]) => {
    entries = entries.with(index, entry);
    tell();
  };
  const makeRow = (index: number): MapRow => {
    const nameId = freshId('key');
    const labelId = `${place.labelId} ${nameId}`;
    const problem = problemLine();
    const name = element('input', {
      type: 'text',
      id: nameId,
      class: 'key',
      spellcheck: 'false',
      autocomplete: 'off',
      placeholder: 'key',
      'aria-label': `Key of entry ${index + 1}`,
      'aria-describedby': problem.root.id,
    });
    name.addEventListener('input', () => {
      const [, old] = entries[index] ?? ['', emptyValue(value)];
      setAt(index, [name.value, old]);
      const twice = entries.some(([other], at) => at !== index && other === name.value);
      const read = keyOf(key, name.value);
      const text = twice ? `"${name.value}" is there twice` : read.problem;
      problem.show(text === undefined ? [] : [{ path: [], text, isAdvice: false }]);
    });
    const control = place.make(value, {
      ...place,
      labelId,
      describedBy: problem.root.id,
      canBeAbsent: false,
      depth: place.depth + 1,
      changed: (changed) => setAt(index, [entries[index]?.[0] ?? '', changed ?? emptyValue(value)]),
    });
    const remove = button('Remove', { class: 'small', 'aria-describedby': labelId }, () => {
      entries = entries.filter((_, at) => at !== index);
      tell();
      draw();
      (rows[Math.min(index, rows.length - 1)]?.name ?? add).focus();
    });
    const root = element('li', { class: 'entry' }, name, control.root, remove, problem.root);
    const mark: FormControl['mark'] = (problems) => {
      control.mark(problems);
      problem.show(problems);
    };
    return { root, control, name, mark };
  };
  const draw = () => {
    while (rows.length > entries.length) rows.pop()?.root.remove();
    for (const [index, [name, one]] of entries.entries()) {
      const row = rows[index] ?? makeRow(index);
      if (rows[index] === undefined) {
        rows.push(row);
        list.append(row.root);
      }
      if (row.name.value !== name) row.name.value = name;
      row.control.show(one);
    }
  };
  const add = button('Add', { class: 'small', 'aria-describedby': place.labelId }, () => {
    entries = [...entries, [freeKey(key, entries), emptyValue(value)]];
    tell();
    draw();
    rows.at(-1)?.name.focus();
  });
  return {
    root: element('div', { class: 'list', role: 'group', 'aria-labelledby': place.labelId }, list, add),
    show(given) {
      const members = isMembers(given) ? given : {};
      if (JSON.stringify(membersFrom(entries)) === JSON.stringify(members)) return;
      entries = Object.entries(members);
      draw();
    },
    mark(problems) {
      for (const [index, row] of rows.entries()) row.mark(problemsUnder(problems, entries[index]?.[0] ?? ''));
    },
  };
}
